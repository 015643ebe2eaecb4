"""The drill of site/content/stolen-key.md: the key is stolen, the thief publishes, the publisher goes by the page."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from support.publishing import HANDBOOK, Line, pull, pulled
from support.theft import POISON, steal
from vademecum.format.objects import MAX_SEQUENCE
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.cli.main import main

PAGE = Path(__file__).parents[2] / "site" / "content" / "stolen-key.md"


@pytest.mark.fault("E52")
@pytest.mark.fault("E53")
@pytest.mark.parametrize("highest", [3, MAX_SEQUENCE])
def test_all_clients_end_on_the_honest_release(place: Path, highest: int) -> None:
    line = Line(place)
    for key, text in HANDBOOK.items():
        (place / "docs" / key).parent.mkdir(parents=True, exist_ok=True)
        (place / "docs" / key).write_text(text)
    line.release(HANDBOOK)
    offline = pulled(line)
    line.later(hours=1)
    line.release({**HANDBOOK, "notes.txt": "Notes on the sea.\n"})
    victim, shipped = pulled(line), line.root

    line.later(hours=1)
    steal(line, highest, HANDBOOK, yank=(1, 2) if highest == MAX_SEQUENCE else ())
    assert pull(victim, FolderTransport(line.out), shipped, line.now).to_sequence == highest
    assert holds_poison(victim)

    line.later(days=2)
    command = "vade keys rotate --keys keys"
    assert f"`{command}`" in PAGE.read_text(encoding="utf-8")
    assert main(command.split()[1:]) == 0
    request = BuildRequest(source=Path("docs"), out=line.out, keys=line.keys, site=False)
    report = build(request, now=line.now)
    assert "does not name any more" in report.notices[0]

    for store in (MemoryStore(), victim, offline):
        assert pull(store, FolderTransport(line.out), shipped, line.now).to_sequence == report.sequence
        assert not holds_poison(store)
    line.later(hours=1)
    (place / "docs" / "new.md").write_text("# New\n\nA new page.\n")
    report = build(request, now=line.now)
    assert report.embedded == 1, "and on from there"
    for store in (victim, offline):
        assert pull(store, FolderTransport(line.out), shipped, line.now + timedelta(minutes=1)).plan != "full"


def test_after_init_a_rotation_says_how_builds_get_the_new_root(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "docs").mkdir()
    (place / "docs" / "a.md").write_text("# Lanterns\n\nA page about lanterns.\n")
    assert main(["keys", "new"]) == 0
    (place / "root.json").write_bytes((place / ".vademecum/keys/root.json").read_bytes())
    build_it = ["build", "docs", "--out", "dist", "--root", "root.json", "--no-site"]
    assert main(build_it) == 0
    capsys.readouterr()
    assert main(["keys", "rotate"]) == 0
    said = capsys.readouterr().out
    assert "cp .vademecum/keys/root.json root.json: builds" in said
    assert "gh secret set VADEMECUM_SIGNING_KEY < " in said
    assert main(build_it) == 5
    assert "or the root.json that `vade keys rotate` wrote" in capsys.readouterr().err
    (place / "root.json").write_bytes((place / ".vademecum/keys/root.json").read_bytes())
    assert main(build_it) == 0
    assert main(["keys", "renew"]) == 0
    assert "gh secret set" not in capsys.readouterr().out


def holds_poison(store: MemoryStore) -> bool:
    """Whether a text of the thief's lies anywhere in the store, used or not."""
    return any(POISON.encode() in data for data in store._shared.objects.values())
