"""Real processes on one SQLite store: three follow the releases at once, two read all the while."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.faulty_pages import write_tree
from support.publisher import Publisher
from vademecum import KnowledgeBase

KEYS = "a b c d e"
RELEASES = 5


def documents(edition: int) -> dict[str, dict[str, list[str]]]:
    """One document changes with each edition, one comes and goes."""
    found = {key: {"chunks": [f"the key of {key}", f"run home {key}"]} for key in KEYS.split()}
    found["c"] = {"chunks": [f"rotate the key {edition} times"]}
    if edition % 2:
        del found["e"]
    return found


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "support.crowd", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> Any:
    told, _ = process.communicate("\n", timeout=300)
    assert process.returncode == 0
    return json.loads(told)


@pytest.mark.fault("D42", "D44")
def test_several_processes_update_and_read_one_store(tmp_path: Path) -> None:
    publisher = Publisher(now=datetime.now(UTC).replace(microsecond=0))
    trees, contents = [], {}
    for edition in range(1, RELEASES + 1):
        publisher.publish(documents(edition))
        contents[edition] = {key: found["chunks"] for key, found in documents(edition).items()}
        trees.append(tmp_path / f"tree-{edition}")
        write_tree(trees[-1], publisher.files)
    root, store = tmp_path / "root.json", tmp_path / "kb.db"
    root.write_bytes(publisher.first_root)
    KnowledgeBase.open(store, url=trees[0], trust=root).sync()
    readers = [start("read", store, KEYS) for _ in range(2)]
    writers = [start("pull", store, root, *trees) for _ in range(3)]
    pulled = [answer(process) for process in writers]
    read = [seen for process in readers for seen in answer(process)]
    installed = [sequence for each in pulled for sequence in each["installed"]]
    assert len(installed) == len(set(installed)), "each release is installed by one of them"
    assert max(installed) == RELEASES
    assert read
    for sequence, texts in read:
        assert texts == contents[sequence]
    with KnowledgeBase.open(store) as knowledge:
        assert knowledge.release.sequence == RELEASES
        assert knowledge.doctor(repair=False).sound
