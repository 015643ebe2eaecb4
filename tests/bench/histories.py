"""Histories of a folder of documents, for the benchmarks: JSON lines, a git repository, or a seeded synthetic one.

A history is named by one string:

- `FILE.jsonl` or `FILE.jsonl.gz`: lines `{"set": {path: text}, "delete": [path]}`; the first holds the whole tree.
- `REPOSITORY[:FOLDER]`: a git repository (a checkout or a bare one), the commits of its first-parent line that
  touched FOLDER, oldest first.
- `synthetic:chunks=3000,releases=20,edited=0.01,seed=1`: about that many chunks; each release edits that part
  of them. What is left out has these defaults. The same string gives the same history.
"""

from __future__ import annotations

import gzip
import json
import random
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

SYNTHETIC = "synthetic:"
_DOCUMENTS = (".md", ".markdown", ".txt", ".html", ".htm")
_REGULAR = ("100644", "100755")
_SECTIONS = 20
_WORDS_A_SECTION = 75
_VOCABULARY = 8000


@dataclass(frozen=True)
class Change:
    """From one state to the next: files to write (path -> content) and files to delete."""

    set: Mapping[str, bytes]
    delete: tuple[str, ...] = ()


def changes(history: str, most: int) -> Iterator[Change]:
    """Yield the changes of a history; the first makes the first state from nothing.

    Args:
        history: See the module's docstring.
        most: Stop after so many states. Of a git repository, the newest ones count.

    Raises:
        SystemExit: The history cannot be read; the message says why.
    """
    if history.startswith(SYNTHETIC):
        return islice(_synthetic(**_parameters(history)), most)
    path = Path(history)
    if path.is_file():
        return islice(_json_lines(path), most)
    repository, _, folder = history.partition(":")
    if not Path(repository).is_dir():
        raise SystemExit(f"{history}: neither a file, nor a git repository, nor `{SYNTHETIC}...`")
    return _git(repository, folder.strip("/"), most)


def _json_lines(path: Path) -> Iterator[Change]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for line in lines:
            change = json.loads(line)
            files = {name: text.encode() for name, text in change["set"].items()}
            yield Change(files, tuple(change["delete"]))


def _git(repository: str, folder: str, most: int) -> Iterator[Change]:
    scope = [folder] if folder else []
    listed = _run(repository, "log", "--first-parent", "--format=%H", f"-{most}", "HEAD", "--", *scope)
    before: dict[str, str] = {}
    for commit in reversed(listed.decode().split()):
        now = _blobs(repository, commit, folder)
        wanted = [path for path, blob in now.items() if before.get(path) != blob]
        contents = {path: _run(repository, "cat-file", "blob", now[path]) for path in wanted}
        gone = tuple(sorted(before.keys() - now.keys()))
        if contents or gone:
            yield Change(contents, gone)
        before = now


def _blobs(repository: str, commit: str, folder: str) -> dict[str, str]:
    """Return the documents of a commit: path below the folder -> blob."""
    prefix = f"{folder}/" if folder else ""
    scope = [folder] if folder else []
    blobs = {}
    for entry in _run(repository, "ls-tree", "-r", "-z", commit, "--", *scope).decode().split("\0"):
        facts, _, path = entry.partition("\t")
        if facts.startswith(_REGULAR) and path.lower().endswith(_DOCUMENTS):
            blobs[path.removeprefix(prefix)] = facts.split()[2]
    return blobs


def _run(repository: str, *command: str) -> bytes:
    done = subprocess.run(["git", "-C", repository, *command], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{repository}: git {command[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout


def _parameters(history: str) -> dict[str, float]:
    found: dict[str, float] = {"chunks": 3000, "releases": 20, "edited": 0.01, "seed": 1}
    for item in filter(None, history.removeprefix(SYNTHETIC).split(",")):
        name, _, value = item.partition("=")
        if name not in found:
            raise SystemExit(f"{history}: {name!r} is not one of {', '.join(found)}")
        found[name] = float(value)
    return found


def _synthetic(chunks: float, releases: float, edited: float, seed: float) -> Iterator[Change]:
    """Yield documents of `_SECTIONS` sections, each one chunk; words fall off as in natural text (Zipf)."""
    chance = random.Random(int(seed))
    words = ["".join(chance.choices("aeioubcdfglmnprstv", k=chance.randint(2, 9))) for _ in range(_VOCABULARY)]
    weights = [1 / rank for rank in range(1, _VOCABULARY + 1)]

    def sentence(count: int) -> str:
        return " ".join(chance.choices(words, weights, k=count))

    documents = {
        f"part-{number // 100:03}/page-{number:05}.md": [sentence(_WORDS_A_SECTION) for _ in range(_SECTIONS)]
        for number in range(max(1, round(chunks / _SECTIONS)))
    }
    yield Change({path: _page(path, sections) for path, sections in documents.items()})
    names = sorted(documents)
    for _ in range(1, int(releases)):
        touched = set()
        for _ in range(max(1, round(edited * len(documents) * _SECTIONS))):
            name = chance.choice(names)
            section = chance.randrange(_SECTIONS)
            text = documents[name][section].split()
            at = chance.randrange(len(text))
            documents[name][section] = " ".join([*text[:at], sentence(2), *text[at + 1 :]])
            touched.add(name)
        yield Change({name: _page(name, documents[name]) for name in sorted(touched)})


def _page(path: str, sections: list[str]) -> bytes:
    parts = [f"# {Path(path).stem}", *(f"## Section {i}\n\n{text}." for i, text in enumerate(sections, 1))]
    return ("\n\n".join(parts) + "\n").encode()
