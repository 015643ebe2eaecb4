"""The page site/content/sources.md lists the profiles that there are. Run as a script, this writes its table."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from unit.builder.profiles.trees import MANUAL, TREES
from vademecum_builder.profiles.registry import PROFILES

PAGE = Path(__file__).parents[2] / "site" / "content" / "sources.md"
_TABLE = re.compile(r"(\|---\|---\|---\|---\|\n)(?:\|.*\n|TABLE\n)+")


def table() -> str:
    """Return the rows: name, generator, configuration, and whether its trees were built by the real generator."""
    rows = []
    for profile in PROFILES:
        stems = Counter(name.rpartition(".")[0] for name in profile.files)
        named = (f"{stem}.*" if stems[stem := name.rpartition(".")[0]] > 2 else name for name in profile.files)
        found = ", ".join(f"`{name}`" for name in dict.fromkeys(named))
        checked = "yes" if any(name.partition("-")[0] == profile.name for name in (*TREES, *MANUAL)) else "no"
        rows.append(f"| `{profile.name}` | {profile.title} | {found} | {checked} |\n")
    return "".join(rows)


def page() -> str:
    return _TABLE.sub(lambda match: match[1] + table(), PAGE.read_text(encoding="utf-8"), count=1)


def test_the_page_lists_the_profiles_that_there_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python tests/docs/test_sources_page.py writes the table"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
