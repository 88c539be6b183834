"""A whole worker process as `main.py` makes it, but for its engine. Its folder is the output dir.

CONCORD_TEST_ENGINE: `slow` starts the engine only when the file `start` is in the folder; `broken` never; `unimportable`
and `dead` fail as a broken package and a dead device do. CONCORD_TEST_FAULT: `reading` breaks the reading of each frame
that holds `break here`. CONCORD_TEST_GRACE: seconds in the place of `stop_grace_seconds`.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent.parent), str(Path(__file__).resolve().parent)]

from concord_workers.core.communication import claim_descriptors  # noqa: E402 (the path is set first)
from concord_workers.core.log_output import leave  # noqa: E402

if __name__ == "__main__":
    incoming, outgoing = claim_descriptors()
    from fake_engine import FakeEngine, dead_device

    from concord_workers.core.bundle import limits
    from concord_workers.worker.run import run

    def break_something(fault):
        from concord_workers.inference import pipeline_manager

        read = pipeline_manager.read_frame

        def broken_read(content):
            if b"break here" in content:
                raise ZeroDivisionError("a fault of ours in the reading")
            return read(content)

        if fault == "reading":
            pipeline_manager.read_frame = broken_read

    def lengthen_the_grace(seconds):
        import concord_workers.worker.run as composition

        composition.limits = lambda name: float(seconds) if name == "stop_grace_seconds" else limits(name)

    break_something(os.environ.get("CONCORD_TEST_FAULT"))
    if (grace := os.environ.get("CONCORD_TEST_GRACE")) is not None:
        lengthen_the_grace(grace)

    def make(choice, options, emit):
        folder = Path(options.output_dir)
        how = os.environ.get("CONCORD_TEST_ENGINE")
        if how == "broken":
            raise RuntimeError("the driver is not there")
        if how == "unimportable":
            raise ImportError("libcudart.so: cannot open shared object file")
        if how == "dead":
            raise dead_device()
        while how == "slow" and not (folder / "start").exists():
            threading.Event().wait(0.01)
        return FakeEngine(folder, emit)

    code = run(sys.argv[1:], incoming, outgoing, make)
    leave(code)
