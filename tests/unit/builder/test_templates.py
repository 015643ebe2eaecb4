"""Templates of texts and addresses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from support.growth import grows_with_the_square
from vademecum.errors import UsageError
from vademecum_builder.discovery.fields import fields_of
from vademecum_builder.discovery.roles import proposal
from vademecum_builder.kinds.templates import Template
from vademecum_builder.kinds.values import is_fact, name_in_words, shown

RECORD = {"name": "Oak chair", "price": 19.5, "sold": True, "tags": ["a", "b"], "none": None, "size": {"w": 1, "h": 2}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{name}: {price}", "Oak chair: 19.5"),
        ("{{{name}}}", "{Oak chair}"),
        ("{none}|{not there}|{sold}", "||yes"),
        ("{tags} {size}", "a, b w: 1, h: 2"),
        ("no field", "no field"),
    ],
)
def test_fields_stand_in_braces(text: str, said: str) -> None:
    assert Template.parse(text).render(RECORD) == said


def test_sentences_of_a_list_are_lines() -> None:
    assert shown(["Have passed the test.", "Be of age"]) == "Have passed the test.\nBe of age"
    assert shown(["Acme Inc.", "Bolts & Co."]) == "Acme Inc., Bolts & Co."


def test_before_a_comment_of_jira_nobody_reads_when_and_by_which_account_it_was_written() -> None:
    assert shown("05/Jan/24 9:00 AM;557058:a-1;It was the valve; look") == "It was the valve; look"
    assert shown("Closed 05/Jan/24 9:00 AM;a;b") == "Closed 05/Jan/24 9:00 AM;a;b"


def test_of_an_object_nobody_reads_ids_addresses_and_lists_of_numbers() -> None:
    member = {
        "name": "Ann",
        "person_id": "ocd-person/407f",
        "uuid": "4",
        "page": "https://a.example/ann",
        "role": "chair",
    }
    assert shown([member, {"name": "Bo", "personId": 7}]) == "Ann, role: chair; Bo"
    assert shown({"package": "pump", "versions": ["0.0.1", "0.0.2", "0.1", "1.0rc1"]}) == "pump"
    assert shown({"idea": "Oil it", "sizes": [1, 2], "names": ["oil", "tar", "wax", "fat"]}) == (
        "idea: Oil it, sizes: 1, 2, names: oil, tar, wax, fat"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([{"id": "flour", "grams": 250}, {"id": "sea salt"}], "id: flour, grams: 250; sea salt"),
        ([{"id": "flour", "label": "Flour"}, {"id": "b7"}], "Flour"),
        (
            [{"index": "sea-salt", "name": "Sea Salt", "url": "/api/salts/1"}, {"name": "Oil", "slug": "oil"}],
            "Sea Salt; Oil",
        ),
        (
            {"index": "salt", "name": "Sea Salt", "of": "/sea", "seeUrl": "a b"},
            "Sea Salt, index: salt, of: /sea, seeUrl: a b",
        ),
        (
            {
                "id": 1,
                "name": "nature",
                "children": [{"id": 2, "name": "weather", "children": [{"id": 3, "name": "fog"}]}],
            },
            "nature, weather, fog",
        ),
        (["1 cup flour\r", "salt\r", " "], "1 cup flour, salt"),
        ({"gluten": True}, "gluten: yes"),
        ({"grams": 250}, "grams: 250"),
        ({"sea": "North Sea"}, "North Sea"),
        ({"of": "Shirt", "sizes": ["XS", "S", "M", "L"]}, "of: Shirt, sizes: XS, S, M, L"),
        ({"of": "Lamp", "for": ["5V", "12V", "24V", "48V"]}, "of: Lamp, for: 5V, 12V, 24V, 48V"),
        ({"of": "日", "with": ["今日", "日本", "毎日", "休日"]}, "of: 日, with: 今日, 日本, 毎日, 休日"),
        ({"of": "Road", "line": [[1.5, 2], [3, -4], [5, 6], [7, 8]]}, "Road"),
        ({"of": "Test", "passed": [True, True, False, True]}, "of: Test, passed: yes, yes, no, yes"),
    ],
)
def test_what_nothing_else_of_an_object_says_is_said(value: object, said: str) -> None:
    assert shown(value) == said


def test_of_messages_in_a_record_their_texts_are_read() -> None:
    """As exports of ChatGPT, Claude, GitHub and Google Keep have them, and sets of conversations to train with."""
    told = [{"role": "system", "content": "You are kind."}, {"role": "user", "content": "Is oak hard"}]
    assert shown([*told, {"role": "assistant", "content": "It is."}]) == "Is oak hard\nIt is."
    assert shown([{"from": "human", "value": "Is oak hard"}, {"from": "gpt", "value": "It is"}]) == "Is oak hard\nIt is"
    one, two = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    asked = {"author": {"role": "user", "name": None}, "content": {"content_type": "text", "parts": ["Is oak hard"]}}
    empty = {"author": {"role": "system"}, "content": {"content_type": "text", "parts": [""]}, "weight": 1.0}
    tree = {one: {"id": one, "message": empty, "children": [two]}, two: {"message": {**asked, "status": "done"}}}
    assert shown(tree) == "Is oak hard"
    answer = {
        "body": "Wear gloves.",
        "author": {"login": "ann"},
        "createdAt": "2026-03-01T10:00:00Z",
        "isMinimized": False,
    }
    assert shown([answer, {"body": "Thanks a lot", "replies": [{"text": "Not at all"}]}]) == (
        "Wear gloves.\nThanks a lot\nNot at all"
    )
    said = {"text": "Is oak hard", "content": [{"type": "text", "text": "Is oak hard", "start": None}]}
    assert shown([said]) == "Is oak hard"


def test_of_a_conversation_nobody_reads_what_programs_said_to_each_other() -> None:
    """Calls of tools and their results, as OpenAI, Anthropic and sets to train with have them."""
    call = {"type": "tool_use", "id": "t1", "name": "search", "input": {"query": "oak hardness"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "Janka 1290"}]}
    asked, said = {"role": "user", "content": "Is oak hard"}, {"type": "text", "text": "It is hard"}
    told = [asked, {"role": "assistant", "content": [said, call]}, {"role": "user", "content": [result]}]
    assert shown(told) == "Is oak hard\nIt is hard"
    named = {"type": "function", "function": {"name": "search", "arguments": '{"query": "oak"}'}}
    assert shown([{"role": "assistant", "content": None, "tool_calls": [named]}]) == ""
    assert shown([asked, {"role": "tool", "content": "Janka 1290 of oak"}]) == "Is oak hard"
    assert shown([{"from": "observation", "value": "Janka 1290 of oak"}]) == ""
    assert shown([{"type": "tool", "name": "Hand saw"}]) == "Hand saw, type: tool"


def test_calls_of_other_programs_are_not_read_either() -> None:
    """Gemini's parts, the AI SDK's, Llama's roles, and what ChatGPT writes to its programs."""
    asked = {"role": "user", "parts": [{"text": "Is oak hard"}]}
    for call in (
        {"role": "model", "parts": [{"functionCall": {"name": "search", "args": {"query": "oak hardness"}}}]},
        {"role": "user", "parts": [{"function_response": {"name": "search", "response": {"result": "Janka 1290"}}}]},
        {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "c", "input": {"query": "oak wood"}}]},
        {"role": "assistant", "parts": [{"type": "tool-invocation", "toolInvocation": {"result": "Janka 1290"}}]},
        {"role": "ipython", "content": "Janka 1290 of oak"},
        {"from": "tool_response", "value": "Janka 1290 of oak"},
        {"type": "custom_tool_call", "name": "search", "input": "oak hardness of wood"},
        {"author": {"role": "assistant"}, "recipient": "python", "content": {"text": "print(janka of oak)"}},
    ):
        assert shown([asked, call]) == "Is oak hard", call
    answer = {"author": {"role": "assistant"}, "recipient": "all", "content": {"parts": ["It is hard"]}}
    assert shown([asked, answer]) == "Is oak hard\nIt is hard"


@pytest.mark.parametrize(
    "value",
    [
        {"name": "Ann Lee", "role": "Developer", "bio": "Writes the scheduler."},
        {"name": "Ann Lee", "role": "developer", "message": "Writes the scheduler."},
        {"role": "developer", "skills": "Writes the scheduler."},
        {"from": "system", "to": "user", "flow": "Writes the scheduler."},
        {"role": "Function", "name": "Lambda", "text": "Writes the scheduler."},
        {"type": "function_call", "description": "Writes the scheduler."},
        {"name": "Nailing", "tool_use": "Writes the scheduler."},
        {"tool_calls": {"type": "array", "description": "Writes the scheduler."}},
    ],
)
def test_people_and_things_that_have_a_role_or_type_of_these_names_are_read(value: dict[str, object]) -> None:
    assert "Writes the scheduler." in shown([value])


def test_what_else_is_said_beside_a_text_is_read_too_but_for_when_and_by_whom() -> None:
    """A section has a heading, an error its code: not all that has a text is a message."""
    assert shown([{"heading": "Installation", "body": "Run it as root."}]) == "heading: Installation\nRun it as root."
    assert shown([{"code": "E42", "message": "The disk is full"}]) == "code: E42\nThe disk is full"
    assert shown({"body": "Steel and glass", "strap": "Leather"}) == "Steel and glass\nstrap: Leather"
    assert shown([{"from": "Kiel", "to": "Oslo", "value": 120}]) == "from: Kiel, to: Oslo, value: 120"
    assert shown([{"from": "9:00", "to": "17:00", "text": "weekdays"}]) == "from: 9:00, to: 17:00, text: weekdays"
    comment = {"body": "It works now", "user": {"login": "ann"}, "created_at": "2026-03-01", "author_email": "a@b.org"}
    assert shown([comment | {"reactions": {"total_count": 0, "heart": 0}}]) == "It works now"
    assert shown([comment, {"body": "Thanks", "user": "ann", "type": "reply"}]) == "It works now\nThanks"
    assert shown([{"type": "Dog food", "content": "500 g a bag"}]) == "type: Dog food\n500 g a bag"
    assert shown({1: "oak", 2: "ash"}) == "1: oak, 2: ash"
    told = {"role": "user", "content": "Is oak hard", "status": "done", "metadata": {"model": "x", "ends": "now"}}
    assert shown([told]) == "Is oak hard"


def test_of_an_object_nobody_reads_how_a_file_is_called_or_a_colour() -> None:
    attached = {"filePath": "15b8.9d0e.jpg", "mimetype": "image/jpeg"}
    assert shown([attached]) == ""
    assert shown({"name": "bug", "color": "d73a4a", "fileName": "See the plan"}) == "bug, fileName: See the plan"
    assert shown({"color": "red"}) == "red"


def test_a_tree_of_an_editor_is_its_text() -> None:
    def node(kind: str, *content: object, name: str = "type", inner: str = "content") -> dict[str, object]:
        return {name: kind, inner: [*content]}

    said = [{"type": "text", "text": "See "}, {"type": "mention", "attrs": {"text": "@ann"}}, {"type": "hardBreak"}]
    items = [node("listItem", node("paragraph", {"type": "text", "text": word})) for word in ("one", "two")]
    jira = node(
        "doc", node("heading", {"type": "text", "text": "Head"}), node("paragraph", *said), node("list", *items)
    )
    assert shown(jira) == "Head\n\nSee @ann\n\none\n\ntwo"
    link = node("hyperlink", {"nodeType": "text", "value": "link"}, name="nodeType")
    contentful = node(
        "document", node("p", {"nodeType": "text", "value": "Hi "}, link, name="nodeType"), name="nodeType"
    )
    assert shown(contentful) == "Hi link"
    assert (
        shown({"root": 1} | node("root", node("paragraph", {"text": "Lex"}, inner="children"), inner="children"))
        == "Lex"
    )
    assert shown({"type": "simple", "content": "x"}) == "type: simple, content: x"
    blocks = [node(kind, {"type": "text", "text": kind}, inner="children") for kind in ("heading", "paragraph")]
    lexical = {"root": node("root", *blocks, inner="children")}
    for written in (blocks, lexical, node("doc", *blocks)):  # into a column of text
        assert shown(json.dumps(written)) == "heading\n\nparagraph"
    deep = '{"type": "a", "content": [' * 500 + "]}" * 500
    for other in (deep, '[{"type": "x"}]', '{"type": "x", "text": "y"}', '[{"type": "x"', "[]", '["type": 1]'):
        assert shown(other) == other


def _block(kind: str, **data: object) -> dict[str, object]:
    return {"id": "x7", "type": kind, "data": data}


def _notion(kind: str, text: str) -> dict[str, object]:
    said = {"type": "text", "text": {"content": text}, "annotations": {"color": "red"}, "plain_text": text}
    return {"object": "block", "id": "c0-2f", "type": kind, kind: {"rich_text": [said], "color": "default"}}


EDITORS: dict[str, tuple[object, str]] = {
    "Editor.js": (
        {"time": 1, "version": "2", "blocks": [
            _block("header", text="Oil &amp; tar", level=2), _block("delimiter"),
            _block("paragraph", text="The <b>pump</b>", alignment="left"),
            _block("list", style="ordered", items=["a", {"content": "b", "items": [{"content": "c", "items": []}]}]),
            _block("table", withHeadings=True, content=[["Part", "Weight"], ["Pump", "4"]]),
            _block("image", file={"url": "https://a.example/a.png"}, caption="A pump"),
        ]},
        "Oil & tar\n\nThe pump\n\na\nb\nc\n\nPart | Weight\nPump | 4\n\nA pump",
    ),
    "Draft.js": (
        {"entityMap": {}, "blocks": [{"key": "a", "text": "The pump", "type": "unstyled", "data": {}}]}, "The pump"
    ),
    "Quill": (
        {"ops": [{"insert": "The "}, {"insert": "pump", "attributes": {"bold": True}}, {"insert": {"image": "a.png"}},
                 {"insert": ".\nOil\n"}]},
        "The pump.\nOil",
    ),
    "Notion": ([_notion("heading_2", "Oil"), _notion("toggle", "The pump"), _notion("divider", "")], "Oil\n\nThe pump"),
    "Portable Text": (
        [{"_type": "block", "_key": "k", "children": [{"_type": "x", "text": "The "}, {"_type": "x", "text": "pump"}]},
         {"_type": "image", "asset": {"_ref": "image-abc"}}, {"_type": "code", "language": "sh", "code": "ls"}],
        "The pump\n\nls",
    ),
    "Slate": (
        [{"children": [{"text": "The "}, {"text": "pump", "bold": True}]}, {"children": [{"text": "Oil"}]}],
        "The pump\n\nOil",
    ),
    "BlockNote": (
        [{"type": "p", "content": [{"type": "text", "text": "The "}, {"type": "text", "text": "pump"}],
          "children": [{"type": "p", "content": [{"type": "text", "text": "Oil"}], "children": []}]}],
        "The pump\n\nOil",
    ),
}  # fmt: skip


@pytest.mark.parametrize("editor", EDITORS)
def test_what_an_editor_writes_is_its_text_as_a_value_in_a_column_and_in_a_record(editor: str) -> None:
    value, said = EDITORS[editor]
    assert shown(value) == shown(json.dumps(value)) == said
    records = [{"id": n, "title": f"T{n}", "body": value} for n in range(3)]
    assert proposal(fields_of(records), 3)["text"] == ["body"]


def test_what_looks_like_it_is_none() -> None:
    for other in ({"blocks": ["A", "B"]}, {"ops": [{"name": "x"}]}, {"children": ["Ann"]}, {"object": "block"}):
        assert shown(json.dumps(other)) == json.dumps(other)
    assert (
        shown([{"name": "Ann", "type": "person"}, {"name": "Bo", "type": "cat"}]) == "Ann, type: person; Bo, type: cat"
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://a.example/{name}?of={price}", "https://a.example/Oak%20chair?of=19.5"),
        ("{address}", "https://a.example/x?y=1"),
        ("https://a.example/{none}", ""),
        ("https://a.example/", "https://a.example/"),
    ],
)
def test_fields_are_encoded_in_addresses(text: str, address: str) -> None:
    record: dict[str, Any] = {**RECORD, "address": "https://a.example/x?y=1"}
    assert Template.parse(text).render_url(record) == address


def test_what_has_no_braces_is_the_name_of_a_field() -> None:
    assert Template.of("name").render(RECORD) == "Oak chair"
    assert Template.of("addr:street!").render({"addr:street!": "High"}) == "High"
    assert Template.of("a {name}").fields == ("name",)
    assert [Template.of(told).is_bare for told in ("name", "addr:street!", "{name}", "a {name}")] == [True] * 2 + [
        False
    ] * 2


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("damage_immunities", "Damage immunities"),
        ("damageImmunities", "Damage immunities"),
        ("größeInCm", "Größe in cm"),
        ("weightKG", "WeightKG"),
        ("egg-groups", "Egg groups"),
        ("E-Mail-Text", "E-Mail-Text"),
        ("Armor Class:", "Armor Class"),
        ("Size:", "Size"),
        ("maker.country", "Maker country"),
        ("actions.0.range", "Actions range"),
        ("damage.damage_type.name", "Damage type"),
        ("name.official", "Name"),
        ("fields.color", "Color"),
        ("0", "0"),
        ("color_en", "Color"),
        ("shipColorDe", "Ship color"),
        ("made_of.pt-BR", "Made of"),
        ("color_no", "Color no"),
        ("en", "En"),
        ("menu_golden", "Menu golden"),
        ("Art.-Nr.", "Art.-Nr."),
        ("Max. load", "Max. load"),
        ("engine.Max. load", "Engine Max. load"),
    ],
)
def test_the_name_of_a_field_is_said_in_words(field: str, name: str) -> None:
    assert name_in_words(field) == name


def test_a_long_list_of_words_is_told_as_fast_as_it_is_long() -> None:
    def told(number: int) -> None:
        words = ["word"] * number
        assert is_fact(words, shown(words))

    assert not grows_with_the_square(told, 1000)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("poison", True),
        ("x" * 120, True),
        ("x" * 121, False),
        (["lactic acid bacteria"] * 9, True),
        ("Turns to stone who looks at it.", False),
        ("見る者を石に変える。", False),
        ("Oil it\nand dry it", False),
        (["Have passed the test.", "Be of age"], False),
    ],
)
def test_a_fact_is_short_or_a_list_and_no_sentence(value: object, is_one: bool) -> None:
    assert is_fact(value, shown(value)) is is_one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{nam}", "there is no field 'nam'; did you mean name?"),
        ("{x}", "there is no field 'x'; there is name, price"),
        ("{name", "expected '}'"),
        ("{}", "expected the name of a field in braces"),
        ("{name!r}", "expected the name of a field in braces"),
        ("{price:.2f}", "expected the name of a field in braces"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Template.parse(text).check(("name", "price"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"title": "Care", "blocks": [{"type": "paragraph", "data": {"text": "Oil it."}}]}, ("Care", "Oil it.")),
        ({"type": "part", "content": [{"type": "p", "text": "Oil"}], "blocks": ["a"], "ops": ["b"]}, ("Oil",)),
        (
            [{"type": "phone", "value": "12"}, {"type": "at", "content": ["Mill Lane", "York"]}],
            ("12", "Mill Lane, York"),
        ),
        ({"type": "steps", "content": ["Mix it.", "Bake it."]}, ("Mix it.", "Bake it.")),
        ({"type": "menu", "content": [{"dish": "Soup"}, {"dish": "Pie"}]}, ("Soup", "Pie")),
        (
            [{"type": "spell", "name": "Ice"}, {"type": "group", "children": [{"type": "spell", "name": "Fire"}]}],
            ("Ice", "Fire"),
        ),
        (
            {"blocks": [{"type": "unstyled", "text": "if a<b then c>d", "data": {}}], "entityMap": {}},
            ("if a<b then c>d",),
        ),
        ({"blocks": [{"type": "code", "data": {"code": "<b>x</b>"}}]}, ("<b>x</b>",)),
        ({"blocks": [{"type": "paragraph", "data": {"text": "Oil<br>it"}}]}, ("Oil\nit",)),
    ],
    ids=str,
)
def test_nothing_that_a_tree_says_is_lost(value: object, told: Sequence[str]) -> None:
    """A record is no editor's tree because it has a type and a list in it."""
    found = shown(value)
    assert [one for one in told if one not in found] == [], found


def test_a_block_of_notion_says_what_is_in_it() -> None:
    def block(kind: str, **said: object) -> dict[str, object]:
        return {"object": "block", "type": kind, kind: said}

    text = [{"plain_text": "More"}]
    assert shown(block("toggle", rich_text=text, children=[block("paragraph", rich_text=text)])) == "More\n\nMore"
    assert shown(block("child_page", title="Care")) == "Care"
    assert shown(block("table_row", cells=[text, text])) == "More | More"
