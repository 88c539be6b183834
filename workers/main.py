"""`python main.py --worker pipeline_manager`: one worker, commands on stdin, replies and events on stdout.

The worker is the package beside this file, installed or not.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from concord_workers.__main__ import run_and_leave

if __name__ == "__main__":
    run_and_leave()
