"""Runs inside Pyodide: the calls of scenes over IndexedDB, with a fault at one operation."""

from __future__ import annotations

import functools
import json
import pickle
from dataclasses import replace
from typing import Any

import securesystemslib.signer._key as keys
from parts import IndexedStore, faults

from vademecum.errors import VademecumError
from vademecum.runtime.browser import BrowserStore

keys.checkvalid = functools.cache(keys.checkvalid)  # see tests/unit/client/conftest.py

SCENE: Any = None


def take_scene(data: str) -> None:
    """Take a scene, pickled; one download at a time, so that operations come in the same order each time."""
    global SCENE
    scene = pickle.loads(bytes.fromhex(data))
    SCENE = replace(scene, config=replace(scene.config, parallel=1))


async def play(url: str, at: int, fault: str) -> str:
    """Make the scene's call on the database of `url`.

    Returns:
        JSON: `asked`, the operations that were met; `code` of the error, or null; `plan` of a sync.
    """
    faults.begin(at, fault)
    store = BrowserStore(IndexedStore.new(url))
    code, outcome = None, None
    try:
        outcome = await SCENE.call(SCENE.engine(store))
    except VademecumError as error:
        code = error.code
    finally:
        await store.close()
    asked = faults.asked().to_py()
    faults.begin(-1, "none")
    return json.dumps({"asked": asked, "code": code, "plan": getattr(outcome, "plan", None)})
