"""`python main.py --worker pipeline_manager`: one worker, commands on stdin, replies and events on stdout.

The first thing it does is to claim descriptor 1; only then is anything imported that might print.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from concord_workers.core.communication import claim_descriptors
from concord_workers.core.log_output import leave

__all__ = ["main"]


def main() -> int:
    """Claims the descriptors and runs the worker; the exit code of the process."""
    if any(argument in ("-h", "--help") for argument in sys.argv[1:]):
        # Help is for people: it goes to stdout while that is still theirs.
        from concord_workers.core.options import read_options

        read_options(sys.argv[1:])
    incoming, outgoing = claim_descriptors()
    from concord_workers.worker.run import run

    return run(sys.argv[1:], incoming, outgoing)


if __name__ == "__main__":
    code = 1
    try:
        code = main()
    except Exception:
        traceback.print_exc()
    # Threads of libraries may still be inside native code: nothing waits for them.
    leave(code)
