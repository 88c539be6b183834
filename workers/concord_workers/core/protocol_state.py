"""The state of the protocol with the peer: dialects, features, and the writing of replies and events."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from concord_workers.core.clock import timestamp
from concord_workers.core.communication import FrameWriter
from concord_workers.core.dictionary import dictionary
from concord_workers.core.reply import event_frame

__all__ = ["ProtocolState"]


class ProtocolState:
    """Thread safe. features: negotiated. dialect: what `initialize` chose; None where it chose none."""

    def __init__(self, writer: FrameWriter) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self._next_sequence = 0
        # From the agreement on events to the reply that tells of it: a client reads that as the next line.
        self._is_opening = False
        self.initialized = False
        self.features: frozenset[str] = frozenset()
        self.dialect: str | None = None
        self.event_dialect = "snake"
        self.last_dialect = "pascal"

    def agree(self, features: list[str], dialect: str | None, own_dialect: str) -> None:
        """Notes a successful `initialize`: it replaces the features; a chosen dialect stays until another is chosen.

        own_dialect: of its own reply.
        """
        # Under the lock: an event that has begun comes wholly before this, or waits for the reply.
        with self._lock:
            self.initialized = True
            self._is_opening = True
            self.features = frozenset(features)
            self.dialect = dialect or self.dialect
            self.event_dialect = own_dialect

    @staticmethod
    def known_features() -> list[str]:
        """All features that can be negotiated; this worker has each of them."""
        return dictionary().enumeration("FeatureName").values

    @property
    def is_ordered(self) -> bool:
        """Whether commands are answered in their order."""
        return "out_of_order" not in self.features

    def reply(self, frame: bytes, dialect: str) -> None:
        self.last_dialect = dialect
        self._writer.write(frame)

    def opened(self) -> None:
        """The reply to `initialize` is written: events may follow."""
        with self._lock:
            self._is_opening = False

    def event(
        self,
        name: str,
        members: dict[str, Any],
        request_id: str | None = None,
        attempt: int = 1,
        *,
        traceparent: str | None = None,
        only_if: Callable[[], bool] = lambda: True,
    ) -> None:
        """Writes an event where `events` was negotiated.

        traceparent: of the command; written where `trace` was negotiated. only_if: asked under the lock, so that no other
        event and no reply comes between the answer and the write.
        """
        with self._lock:
            if "events" not in self.features or self._is_opening or not only_if():
                return
            event: dict[str, Any] = {
                "event": name,
                "request_id": request_id,
                "attempt": attempt,
                "sequence": self._next_sequence,
                "timestamp": timestamp(),
            }
            if traceparent is not None and "trace" in self.features:
                event["traceparent"] = traceparent
            self._next_sequence += 1
            event.update(members)
            self._writer.write(event_frame(event, self.event_dialect))

    def final(self, mark: Callable[[], None]) -> None:
        """Runs `mark` between two events. After it no event of its request is written."""
        with self._lock:
            mark()
