"""A catalog or feed at an address whose host misbehaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.faulty_pages import Fault, Rule, Wire, drop, endless, faulty_pages, status, trickle
from support.pages_host import Answer
from vademecum.errors import NetworkError, ServerError
from vademecum_builder.sources import fetched
from vademecum_builder.sources.fetched import fetch


def headers_for_ever(wire: Wire, good: Answer) -> None:
    wire.body(b"HTTP/1.1 200 OK\r\n")
    while not wire.wait(0.02):
        wire.body(b"X-A: b\r\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.json").write_text('[{"id": 1, "name": "Oak"}]')
    monkeypatch.setattr(fetched, "ATTEMPTS", 2)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("fault", [trickle, headers_for_ever], ids=["body", "headers"])
def test_a_host_that_sends_a_byte_now_and_then_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(fetched, "SECONDS", 0.3)
    with faulty_pages(folder, Rule("shop.json", fault)) as host:
        with pytest.raises(NetworkError, match=r"shop\.json: no answer \("):
            fetch(f"{host.url}shop.json", {})
        assert len(host.asked) == 2


def test_a_file_without_end_has_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetched, "TOTAL", 0.3)
    with faulty_pages(folder, Rule("shop.json", endless)) as host, pytest.raises(NetworkError, match="not complete"):
        fetch(f"{host.url}shop.json", {})


@pytest.mark.parametrize("fault", [drop(3), status(503)], ids=["breaks off", "busy"])
def test_a_fault_that_passes_is_waited_for(folder: Path, fault: Fault) -> None:
    with faulty_pages(folder, Rule("shop.json", fault, times=1)) as host:
        got = fetch(f"{host.url}shop.json", {})
        assert got is not None
        with got.body:
            assert got.body.read() == (folder / "shop.json").read_bytes()
        assert fetch(f"{host.url}shop.json", got.validators) is None


def test_an_answer_without_the_file_is_told(folder: Path) -> None:
    with faulty_pages(folder) as host, pytest.raises(ServerError, match="answers 404"):
        fetch(f"{host.url}none.json", {})
