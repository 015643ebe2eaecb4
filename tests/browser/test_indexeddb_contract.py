"""The store contract over IndexedDB: Python in a worker of a real Chromium."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Page

HERE = Path(__file__).parent
CONTRACT = HERE.parent / "contract" / "store_contract.py"

CALL = """([command, args]) => new Promise((resolve, reject) => {
    const { worker } = window;
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error.message)) : resolve(data.result));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ id: 1, command, args });
})"""
START = "() => void (window.worker = new Worker('/contract_worker.mjs', { type: 'module' }))"


def load_contract() -> ModuleType:
    spec = importlib.util.spec_from_file_location("store_contract_names", CONTRACT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES = [check.__name__ for check in load_contract().CHECKS]


@pytest.fixture
def call(page: Page, serve: Callable[[Path], Any], client_folder: Path) -> Callable[[str, object], Any]:
    root = client_folder.parent
    shutil.copyfile(HERE / "harness" / "contract_worker.mjs", root / "contract_worker.mjs")
    (root / "index.html").write_text("<!doctype html><title>contract</title>")
    page.goto(serve(root).url)
    page.evaluate(START)
    return lambda command, args: page.evaluate(CALL, [command, args])


def test_every_check_passes_over_indexeddb(call: Callable[[str, object], Any]) -> None:
    harness = HERE / "harness" / "run_check.py"
    call("boot", {"sources": {path.name: path.read_text() for path in (CONTRACT, harness)}})
    assert NAMES
    failed = {name: trace for name in NAMES if (trace := call("check", {"name": name}))}
    assert failed == {}
