"""vademecum: a knowledge base that goes with you, signed, current and searchable offline.

The public API on CPython: `KnowledgeBase`, what it takes (`Config`, `Policy`, `Connection`) and returns (`Results` of
`Hit`, `DocumentView`, `Check`, `Outcome`), and the tree of `VademecumError`. All but the errors are imported on first
use, so that the core runs in Pyodide, which has neither numpy nor httpx nor SQLite on a disk.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from vademecum.errors import (
    BudgetError,
    BusyError,
    CallerError,
    CancelledError,
    ClockError,
    ContentError,
    DamagedError,
    EmptyStoreError,
    EquivocationError,
    ExpiredError,
    HostError,
    NetworkError,
    NewerFormatError,
    NotAStoreError,
    QuotaError,
    RestartedError,
    RollbackError,
    SelfTestError,
    ServerError,
    SignatureError,
    StorageError,
    StoreError,
    TrustError,
    UsageError,
    VademecumError,
)
from vademecum.version import __version__

if TYPE_CHECKING:
    from vademecum.config import Config as Config
    from vademecum.knowledge import KnowledgeBase as KnowledgeBase
    from vademecum.policy import Connection as Connection
    from vademecum.policy import Policy as Policy
    from vademecum.search.results import DocumentView as DocumentView
    from vademecum.search.results import Hit as Hit
    from vademecum.search.results import Results as Results
    from vademecum.update.results import Check as Check
    from vademecum.update.results import Outcome as Outcome

__all__ = [
    "BudgetError",
    "BusyError",
    "CallerError",
    "CancelledError",
    "Check",
    "ClockError",
    "Config",
    "Connection",
    "ContentError",
    "DamagedError",
    "DocumentView",
    "EmptyStoreError",
    "EquivocationError",
    "ExpiredError",
    "Hit",
    "HostError",
    "KnowledgeBase",
    "NetworkError",
    "NewerFormatError",
    "NotAStoreError",
    "Outcome",
    "Policy",
    "QuotaError",
    "RestartedError",
    "Results",
    "RollbackError",
    "SelfTestError",
    "ServerError",
    "SignatureError",
    "StorageError",
    "StoreError",
    "TrustError",
    "UsageError",
    "VademecumError",
    "__version__",
]

_HOMES = {
    "KnowledgeBase": "knowledge",
    "Config": "config",
    **dict.fromkeys(("Connection", "Policy"), "policy"),
    **dict.fromkeys(("DocumentView", "Hit", "Results"), "search.results"),
    **dict.fromkeys(("Check", "Outcome"), "update.results"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return list(__all__)


def log_to_stderr(level: str) -> None:
    """`VADEMECUM_LOG=debug` (or info, warning, error) writes the client's log to stderr."""
    from vademecum.log import logger

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level.upper() if level.upper() in logging.getLevelNamesMapping() else "DEBUG")


if os.environ.get("VADEMECUM_LOG"):
    log_to_stderr(os.environ["VADEMECUM_LOG"])
