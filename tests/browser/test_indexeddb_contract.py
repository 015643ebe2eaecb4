"""The store contract over IndexedDB: Python in a worker of a real Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from contract.store_contract import CHECKS

HERE = Path(__file__).parent
CONTRACT = HERE.parent / "contract" / "store_contract.py"

CALL = """([command, args]) => new Promise((resolve, reject) => {
    const { worker } = window;
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error.message)) : resolve(data.result));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ id: 1, command, args });
})"""
START = "() => void (window.worker = new Worker('/contract_worker.mjs', { type: 'module' }))"


NAMES = [check.__name__ for check in CHECKS]


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
