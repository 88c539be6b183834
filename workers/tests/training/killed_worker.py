"""A worker that trains and tells each step on stdout, to be killed: `killed_worker.py ROOT MODELS JOB`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from training_lab import Lab


def main() -> None:
    root, models, document = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    lab = Lab(root, models)
    lab.watchers.append(lambda event: print(json.dumps(event), flush=True))
    lab.start(**document)
    lab.manager._thread.join()


if __name__ == "__main__":
    main()
