"""`python -m concord_workers --worker pipeline_manager`: one worker, commands on stdin, replies and events on stdout.

Descriptor 1 is claimed first: an import may print, and stdout is a wire.
"""

from __future__ import annotations

import sys
import traceback

from concord_workers.core.communication import claim_descriptors
from concord_workers.core.exit_code import ExitCode
from concord_workers.core.log_output import leave

__all__ = ["main", "run_and_leave"]


def main() -> int:
    """Claims the descriptors and runs the worker; returns the exit code of the process."""
    if any(argument in ("-h", "--help") for argument in sys.argv[1:]):
        # `--help` writes to stdout, so it comes before stdout is claimed for frames.
        from concord_workers.core.options import read_options

        read_options(sys.argv[1:])
    incoming, outgoing = claim_descriptors()
    from concord_workers.worker.run import run

    return run(sys.argv[1:], incoming, outgoing)


def run_and_leave() -> None:
    """Runs the worker and ends the process. Native threads of libraries end with it, whatever they wait for."""
    code: int = ExitCode.CRASHED
    try:
        code = main()
    except Exception:
        traceback.print_exc()
    leave(code)


if __name__ == "__main__":
    run_and_leave()
