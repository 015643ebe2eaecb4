"""Pages of a rendered site are read by several processes: what they say is the same, also where one of them dies."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.publishing import Line
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.stages import ahead
from vademecum_builder.stages.base import Base
from vademecum_builder.stages.documents import choose_reader
from vademecum_builder.stages.read import SourceState, read_source

PAGES = 70
pytestmark = [pytest.mark.process, pytest.mark.slow]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    for number in range(PAGES):
        text = f"<h2 id=a>Pump {number}</h2><p>Turn lever {number}.</p>" if number % 7 else ""
        name = f"p{number}" if number else "index"
        (folder / f"{name}.html").write_text(
            f"<html><head><title>P {number}</title><meta name=generator content=x></head>"
            f"<body><main>{text}</main></body></html>"
        )
    (folder / "old.html").write_text("<html><head><meta http-equiv=refresh content='0;url=/'></head></html>")
    return folder


def read(site: Path) -> SourceState:
    source = FolderSource(site)
    context = replace(Line(site.parent).context(), reader=choose_reader(source))
    return read_source(source, Base(), context)


@pytest.mark.parametrize("command", ["", "/bin/false", "/bin/cat"])
def test_read_by_processes_pages_say_what_they_say_read_one_by_one(
    site: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    wanted = read(site)
    assert (len(wanted.documents), wanted.left_out) == (60, {"pages without text": 10, "redirects": 1})
    monkeypatch.setattr(ahead, "LEAST", 2)
    monkeypatch.setattr(ahead, "_processors", lambda: 2)
    if command:
        monkeypatch.setattr(sys, "executable", command)
    started = list[int]()
    real = subprocess.Popen[bytes]

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        process = real(*arguments, **options)
        started.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", start)
    assert read(site) == wanted
    assert len(started) == 2
    for process in started:
        with pytest.raises(OSError):
            os.kill(process, 0)


def test_no_code_of_the_folder_is_run_that_is_built(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site / "pickle.py").write_text("raise SystemExit(open('ran', 'w').write('x'))")
    monkeypatch.chdir(site)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.setattr(ahead, "LEAST", 2)
    monkeypatch.setattr(ahead, "_processors", lambda: 2)
    assert len(read(site).documents) == 60
    assert not (site / "ran").exists()
