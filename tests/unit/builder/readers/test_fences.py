"""What of a block of code its page shows."""

from __future__ import annotations

import pytest

from vademecum_builder.readers import fences


@pytest.mark.parametrize(
    "info",
    [
        'js title="a.js"', "js title='a.js'", "js title=a.js", "js:title=a.js", '{.js filename="a.js"}',
        "{js,file=a.js}", "js [a.js]", "js{1,3-4} [a.js]", "js twoslash line-numbers [a.js]",
    ],
)  # fmt: skip
def test_what_stands_above_code_is_said_behind_its_language(info: str) -> None:
    assert fences.caption(info) == "a.js"
    assert fences.caption("js subtitle=a.js") == fences.caption("js {1} x[0]=[a]") == ""


@pytest.mark.parametrize("begin", ["//", "#", "--", "/*", "<!--", "{/*", "%", ";"])
def test_comments_that_steer_a_highlighter_are_not_shown(begin: str) -> None:
    end = {"/*": " */", "<!--": " -->", "{/*": " */}"}.get(begin, "")
    for said in ("highlight-start", "highlight-end", "highlight-next-line", "[!code focus:2]"):
        assert fences.visible_code(f"a\n  {begin} {said}{end}\nb", "js") == "a\nb"
    assert fences.visible_code(f"a {begin} [!code ++]{end}\nb", "js") == "a\nb"
    assert fences.visible_code(f"{begin} highlight{end}\n", "js") == f"{begin} highlight{end}\n"


def test_what_twoslash_compiles_and_asks_is_not_shown() -> None:
    parts = (
        "x\n// ---cut-start---\ny\n// ---cut-end---\na", "x\n// ---cut---\na", "x\n// ---cut-before---\na",
        "a\n// ---cut-after---\nx", "// @errors: 2322\na", "// @noErrors\na", "a\n//  ^?", "a\n//  ^|",
        "a\n// ^^^^ here",
    )  # fmt: skip
    shown = {fences.visible_code(f"{part}\n", "ts twoslash").removeprefix("x\n").strip() for part in parts}
    assert shown == {"a"}
    assert fences.visible_code("// @filename: b.ts\n", "ts twoslash") == "// @filename: b.ts\n"
    assert fences.visible_code("// @noErrors\n", "ts not-twoslash") == "// @noErrors\n"
    said = fences.visible_code("a;\n// @error: Not a number.\n  // @log: 1\n// @warn: Old.\n", "ts twoslash")
    assert said == "a;\n// Not a number.\n  // 1\n// Old.\n"


def test_code_with_fences_in_it_stays_within_its_own() -> None:
    assert fences.fenced("a", "md") == "```md\na\n```"
    assert fences.fenced("```\na\n```") == "````\n```\na\n```\n````"
