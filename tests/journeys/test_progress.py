"""Progress: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io
import re
import sys

import pytest

from vademecum_builder.cli.progress import Bars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_each_stage_with_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Bars() as bars:
        bars("reading", 0, 40)
        bars("reading", 40, 40)
        assert shown(bars) == ("reading", 40, 40)
        bars("embedding", 3, 7)
        assert shown(bars) == ("embedding", 3, 7)
        assert re.search(r"3/7 \[\d\d:\d\d<\d\d:\d\d, .*it/s\]", str(bars._bar)), "no rate, or no time left"
        bars.update({"stage": "downloading", "percentage": 50, "bytes": 5_000, "totalBytes": 10_000})
        assert shown(bars) == ("downloading", 5_000, 10_000)
    assert bars._bar.disable, "closed"
    for part in ("reading", "embedding", "downloading", "B/s"):
        assert part in terminal.getvalue()


def shown(bars: Bars) -> tuple[str, int, int] | None:
    """Return what the bar holds; what it draws, and when, is tqdm's business."""
    bar = bars._bar
    return None if bar is None else (bar.desc, bar.n, bar.total)


def test_a_pipe_sees_nothing_of_what_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        bars("reading", 1, 2)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_log_sees_a_line_each_half_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    with Bars(lambda: now) as bars:
        for now in (29.0, 31.0, 59.0, 62.0):
            bars("embedding", int(100 * now), 12_000)
    assert capsys.readouterr().err == "vade: embedding: 3,100 of 12,000\nvade: embedding: 6,200 of 12,000\n"


def test_without_tqdm_a_terminal_sees_nothing_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with Bars() as bars:
        bars("downloading", 1, 2)
        bars("downloading", 2, 2)
    assert terminal.getvalue() == ""
