"""The stores of CPython against the contract. IndexedDB runs the same checks in Chromium (tests/browser)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from contract import store_contract
from contract.store_contract import CHECKS, Check, OpenStore
from vademecum.ports import Store
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.runtime.sqlite.store import SqliteStore


def memory(folder: Path) -> OpenStore:
    database = MemoryDatabase()

    async def open_store() -> Store:
        return MemoryStore(database)

    return open_store


def sqlite(folder: Path) -> OpenStore:
    async def open_store() -> Store:
        return SqliteStore(folder / "knowledge base.db")

    return open_store


@pytest.mark.parametrize("kind", [memory, sqlite])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_store(kind: Callable[[Path], OpenStore], check: Check, tmp_path: Path) -> None:
    asyncio.run(_checked(check, kind(tmp_path)))


async def _checked(check: Check, open_store: OpenStore) -> None:
    await check(open_store)


def test_every_check_is_listed() -> None:
    defined = {
        name for name, _ in inspect.getmembers(store_contract, inspect.iscoroutinefunction) if name[:6] == "check_"
    }
    assert {check.__name__ for check in CHECKS} == defined
