"""`vade` itself, before it calls anything."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from vademecum_builder.cli.main import main


def test_what_signs_with_keys_of_a_cloud_is_imported_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boto3.py").write_text("is_imported = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "boto3", None)  # put back at the end
    del sys.modules["boto3"]
    main([])
    later = sys.modules["boto3"]
    assert "is_imported" not in object.__getattribute__(later, "__dict__")
    assert later.is_imported
    assert find_spec("boto3"), "others ask whether it is there"
