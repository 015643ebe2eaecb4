"""Events for the app. An exception in a listener has no effect on the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vademecum.errors import QuotaError, VademecumError
from vademecum.log import logger
from vademecum.ports import Emit

EVENTS = (
    "updateAvailable",
    "updateStarted",
    "updateProgress",
    "updateCompleted",
    "updateFailed",
    "rolledBack",
    "corruption",
)
"""All that an app can listen to; what the details of each are is in site/content/apps.md."""


def ignore(name: str, detail: Mapping[str, Any]) -> None:
    """The listener that does nothing."""


class Events:
    """Calls one listener with each event; what it raises is logged."""

    def __init__(self, listener: Emit) -> None:
        self._listener = listener

    def emit(self, name: str, detail: Mapping[str, Any]) -> None:
        """Tell the listener; what it raises is logged, and changes nothing."""
        logger.debug("%s %s", name, detail)
        try:
            self._listener(name, detail)
        except Exception:
            logger.exception("a listener of %s failed", name)

    def progress(self, stage: str, plan: str, count: int, total: int) -> None:
        """Announce `count` of the plan's `total` bytes; `stage`: downloading, verifying or installing."""
        share = 100 if total == 0 else count * 100 // total
        detail = {"stage": stage, "plan": plan, "percentage": share, "bytes": count, "totalBytes": total}
        self.emit("updateProgress", detail)

    def failed(self, error: VademecumError) -> None:
        """Announce an error."""
        detail: dict[str, Any] = {"code": error.code, "message": error.message, "willRetry": error.transient}
        if isinstance(error, QuotaError):
            detail |= {"needed": error.needed, "available": error.available}
        self.emit("updateFailed", detail)
