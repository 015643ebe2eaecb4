"""The diagram of an update's states in site/content/apps.md, drawn from the table: run this file to write it anew."""

from __future__ import annotations

from pathlib import Path

from vademecum.update.states import RESTING, TRANSITIONS

PAGE = Path(__file__).parents[2] / "site" / "content" / "apps.md"
BEGIN, END = "<!-- the states: python tests/docs/test_states_page.py -->\n", "<!-- end of the states -->\n"


def diagram() -> str:
    """Return the states, a line each, with what leads out of them; those that rest share one line."""
    rest, *passing = [RESTING, *((state,) for state in TRANSITIONS if state not in RESTING)]
    lines = []
    for states in (rest, *passing):
        out = [f"{happening} -> {state}" for happening, state in TRANSITIONS[states[0]].items()]
        lines.append(f"{' | '.join(states)}\n    {', '.join(out)}")
    return "```\n" + "\n".join(lines) + "\n```\n"


def with_diagram(page: str) -> str:
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}{diagram()}{END}{rest.partition(END)[2]}"


def test_the_diagram_is_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_diagram(page), f"run {Path(__file__).name} to draw it anew"


if __name__ == "__main__":
    PAGE.write_text(with_diagram(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
