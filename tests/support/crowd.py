"""`crowd.py pull STORE ROOT TREE...` follows one tree after another; `crowd.py read STORE KEYS` reads until its
standard input ends. Both print what they met, as JSON.
"""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path

from vademecum import KnowledgeBase
from vademecum.errors import BusyError, EmptyStoreError


def pull(store: Path, root: Path, trees: list[str]) -> dict[str, object]:
    """Return how often another process was at work, and the releases that this one installed."""
    busy, installed = 0, []
    for tree in trees:
        while True:
            outcome = KnowledgeBase.open(store, url=tree, trust=root).sync()
            if isinstance(outcome.error, BusyError):
                busy += 1
                time.sleep(0.001)
                continue
            if outcome.error is not None:
                raise outcome.error
            installed += [outcome.to_sequence] if outcome.plan != "none" else []
            break
    return {"busy": busy, "installed": installed}


def read(store: Path, keys: list[str]) -> list[tuple[int, dict[str, list[str]]]]:
    """Return each release that was read, with what its documents held."""
    seen: list[tuple[int, dict[str, list[str]]]] = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            with KnowledgeBase.open(store) as knowledge:
                documents = {key: knowledge.document(key) for key in keys}
                texts = {
                    key: [chunk.text for chunk in document.chunks]
                    for key, document in documents.items()
                    if document is not None
                }
                found = (knowledge.release.sequence, texts)
        except EmptyStoreError:
            continue
        if found not in seen:
            seen.append(found)
    return seen


if __name__ == "__main__":
    role, path, first, *more = sys.argv[1:]
    print(json.dumps(pull(Path(path), Path(first), more) if role == "pull" else read(Path(path), first.split())))
