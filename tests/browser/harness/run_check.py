"""Runs inside Pyodide: one check of the store contract, over IndexedDB."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import store_contract

from vademecum.ports import Store
from vademecum.runtime.browser import BrowserStore


async def run_check(name: str, open_indexed_store: Callable[[], Any]) -> str:
    """Return what went wrong, or the empty string."""

    async def open_store() -> Store:
        return BrowserStore(open_indexed_store())

    try:
        await getattr(store_contract, name)(open_store)
    except Exception:  # noqa: BLE001 - whatever it is, the test outside shows it
        return traceback.format_exc()
    return ""
