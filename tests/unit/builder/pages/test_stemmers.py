"""What browsers stem with. That it stems as Python does: tests/unit/client/search/test_twins.py."""

from __future__ import annotations

import ast
import hashlib
from importlib.metadata import version
from pathlib import Path

import pytest

from vademecum.errors import UsageError
from vademecum.search.stems import LANGUAGES
from vademecum_builder.pages.stemmers import _PINS, _statement, encode, kept_stemmers, stemmers


def test_each_language_has_a_module_with_the_notice_of_its_licence() -> None:
    files = stemmers()
    assert files.keys() == {"COPYING.txt", "base.js", *(f"{name}.js" for name in LANGUAGES.values())}
    assert b"Redistribution and use in source and binary forms" in files["COPYING.txt"]
    assert all(content.startswith(b"/* Snowball") for name, content in files.items() if name.endswith(".js"))


@pytest.mark.parametrize("source", ["with a: pass", "a = b if c else d"])
def test_a_snowballstemmer_that_is_written_otherwise_is_named(source: str) -> None:
    (statement,) = ast.parse(source).body
    with pytest.raises(UsageError, match=r"(?s)snowballstemmer 3\.[\d.]+: .* install an older one"):
        _statement(statement)


def test_what_is_written_of_the_version_in_use_is_pinned() -> None:
    """Whoever changes how they are written, or takes another version, writes the new digest there."""
    assert hashlib.sha256(encode(stemmers())).hexdigest() == _PINS[version("snowballstemmer")]


def test_they_are_written_once_and_hashed_before_each_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs in browsers is signed by the publisher: a cache that somebody else can write to adds nothing."""
    made = kept_stemmers(tmp_path)
    (kept,) = tmp_path.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("vademecum_builder.pages.stemmers.stemmers", None)
        assert kept_stemmers(tmp_path) == made
    kept.write_bytes(kept.read_bytes().replace(b"class", b"clasp", 1))
    assert kept_stemmers(tmp_path) == made
    assert kept_stemmers(tmp_path / "nowhere") == made
    monkeypatch.setattr("vademecum_builder.pages.stemmers._PINS", {})
    assert kept_stemmers(tmp_path) == made
    assert list(tmp_path.iterdir()) == [kept], "what is not pinned is not kept"
