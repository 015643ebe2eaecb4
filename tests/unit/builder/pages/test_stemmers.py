"""What browsers stem with. That it stems as Python does: tests/unit/client/search/test_twins.py."""

from __future__ import annotations

import ast

import pytest

from vademecum.errors import UsageError
from vademecum.search.stems import LANGUAGES
from vademecum_builder.pages.stemmers import _statement, stemmers


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
