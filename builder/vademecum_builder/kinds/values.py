"""The values of a record's fields as people read them: names in words, lists and objects as text, and rich text, the
trees in which editors keep what was written (ProseMirror, Editor.js, Notion and others)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from vademecum_builder.readers.text import without_tags
from vademecum_builder.sources.fetched import is_address
from vademecum_builder.sources.private_fields import is_named_private, plain_name

_ID: Final = re.compile(r"(?:.*[_.-])?_?(?:uu|gu|o)?id|.*[a-z](?:Id|ID)|ID")
"""Names of ids."""
_WORD: Final = re.compile(r"[^\W\d_]{2,}(?:[ _-][^\W\d_]{2,})*")
_NUMBER: Final = re.compile(r"[+-]?v?\d+(?:[.,:/+-]\d+)*(?:[.-]?[a-z]+[.+-]?\d+)?", re.ASCII)
"""Versions count too: `1.0rc1`."""
_SLUG: Final = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_LINK: Final = re.compile(r"(?:.*_)?(?:url|uri|href|link|path|self|src)|.*(?:Url|URL|Uri|Href|Link|Path)")
_PATH: Final = re.compile(r"/\S+")
ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
CHECKSUM: Final = re.compile(r"(?:sha-?\d+|md5|adler32|crc32):[0-9a-f]{8,128}", re.IGNORECASE)
"""What a record has in place of bytes (`records.json_value`), and checksums of files."""
_DIGEST: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[a-f]*\d)[0-9a-f]{24,}", re.IGNORECASE)
"""UUIDs, and what programs compute."""
_FILE: Final = re.compile(r"\S+\.[a-z]\w{1,4}|[a-z]+/[\w.+-]+", re.IGNORECASE)
"""The name of a file, or its type."""
_OF_FILES: Final = re.compile(r"(?:.*_)?(?:file_?(?:name|path)|mime(?:_?type)?|content_?type)", re.IGNORECASE)
_COLOUR: Final = re.compile(r"#?(?:[0-9a-f]{3}){1,2}", re.IGNORECASE)
_CALLED: Final = frozenset({"name", "title", "label"})
"""Fields with the name of an object, which is shown without the field's name."""
_SENT: Final = frozenset({"text", "body", "content", "message", "parts", "string"})
"""Fields with the text of a message, note or comment: nobody reads how a program keeps it."""
_SPEAKS: Final = ("role", "from", "sender")
_TOOL: Final = "tool(?:_call|_response)?|function(?:_call|_response)?|observation"
_ROLE: Final = re.compile(
    r"system|developer|user|human|prompter|customer|assistant|chat_?gpt|gpt|claude|ai|bot|model|agent|ipython"
    rf"|{_TOOL}",
    re.IGNORECASE,
)
"""The part that a message has in a conversation: then its `value` is its text. Of a route, `from` is a place."""
_UNSEEN: Final = re.compile(rf"system|developer|ipython|{_TOOL}")
_OF_TOOLS: Final = re.compile(r"(?:\w+_)?(?:tool[_-](?:use|result|call|invocation)s?|call(?:_output)?)")
_CALL: Final = frozenset("action arguments call_id input output tool_use_id toolCallId toolInvocation".split())
"""Fields of what a model calls, and of what that answers: their type alone may be a word of any glossary."""
_CALLS: Final = re.compile(r"(?:tool|function)_?(?:calls?|response)", re.IGNORECASE)
"""Fields of a message with calls."""
_ASIDE: Final = re.compile(
    r"(?:.*_)?(?:at|timestamp|ts|created|updated|edited|modified|user|user_?name|login|sender|by|uid|association)"
    r"|(?:creat|edit|updat|modif|post|publish|sent)\w*_(?:on|time|date)|meta(?:data)?|reactions|is_\w+",
    re.IGNORECASE,
)
"""Fields that say when and by whom a message was written."""
_FEW: Final = 3
_SHORT: Final = 120
"""The most characters of a fact; lists have no limit."""
_HUMP: Final = re.compile(r"(?<=[^\W_A-Z])([A-Z])(?=[^\W_A-Z])")
"""The beginning of a word in `damageImmunities`."""
_IN_LANGUAGE: Final = re.compile(
    r"(?:(?<=\w)[_.-](?:en|de|fr|es|it|nl|pt|pl|cs|sv|da|fi|nb|ru|uk|zh|ja|ko|ar|tr|el|hu|ro)(?:[_-][A-Za-z]{2,4})?"
    r"|(?<=[a-z])(?:En|De|Fr|Es|It|Nl|Pt|Pl))$"
)
"""The language at the end of a field's name: `description_en`, `titleDe`, `summary.pt-BR`."""
WRAPPED: Final = frozenset("acf attributes data details fields properties props record".split())
"""Names of objects that only wrap the fields of a record."""
_LEVELS: Final = re.compile(r"\.(?![\s/)-]|$)")
"""The dot between a field and a nested one; the dots of `Art.-Nr.` and `Max. load` end an abbreviation."""
_SAID: Final = frozenset("common default full main official plain raw rendered text value #text _".split()) | _CALLED
"""Nested fields whose names say nothing about the value."""


def shown(value: object) -> str:
    """Return a field's value as text: lists are joined by commas, lists of sentences by lines, of objects by
    semicolons; booleans are yes and no, null is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return _written_rich_text(value) or _LOGGED.sub("", value).replace(_APART, "\n")
        case dict() | list() if is_rich_text(value):
            return _paragraphs(value if isinstance(value, list) else [value])
        case list() | tuple():
            said = [*filter(None, (shown(one).strip() for one in value))]
            objects = [one for one in value if isinstance(one, dict)]
            between = "; " if any(len(one) > 1 for one in objects) else ", "
            lines = any(map(_sent, objects)) or any(map(_is_sentence, said))
            return ("\n" if lines else between).join(said)
        case dict():
            value = {str(name): one for name, one in value.items()}  # those of Parquet may be numbers
            if _is_for_model(value):
                return ""
            value = {name: one for name, one in value.items() if not _is_call(name, one, value)}
            called = next((one for name, one in value.items() if name in _CALLED and isinstance(one, str)), "")
            read = {name: one for name, one in value.items() if not _is_for_programs(name, one, called)}
            named = {name: text for name, one in read.items() if (text := shown(one))}
            if (sent := _sent(value)) and (
                _role(value)
                or any(map(_is_several_words, map(named.get, sent)))
                or any(map(_ASIDE.fullmatch, map(plain_name, value)))
            ):
                return _message(value, named, sent)
            # `gluten: true` or `weight: 5` say nothing without the name.
            alone = {name for name in named if len(named) == 1 and _says_something(read[name])} or _CALLED
            said = [
                text if name in alone or _DIGEST.fullmatch(name) or _is_tree(value, name) else f"{name}: {text}"
                for name, text in sorted(named.items(), key=lambda field: field[0] not in _CALLED)
            ]
            return ("\n" if any(map(_DIGEST.fullmatch, named)) else ", ").join(said)
    return str(value)


def _is_tree(value: Mapping[str, Any], name: str) -> bool:
    """Return whether a field has objects of the kind that they stand in, as subjects below subjects: what it is called
    (`children`) says nothing."""
    inner = value[name]
    return isinstance(inner, list) and all(isinstance(one, dict) and one.keys() <= value.keys() for one in inner)


def _sent(value: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that may hold the text of a message; empty: it is none."""
    return (_SENT | {"value"} if _role(value) else _SENT) & value.keys()


def _role(value: Mapping[str, Any]) -> str:
    """Return the part that a message has in a conversation; empty: it names none."""
    author = value.get("author")
    named = [*map(value.get, _SPEAKS), author.get("role") if isinstance(author, dict) else None]
    return next((one for one in named if isinstance(one, str) and _ROLE.fullmatch(one)), "")


def _is_for_model(value: Mapping[str, Any]) -> bool:
    """Return whether an object is what a model and its programs say to each other in a conversation, which nobody
    reads there. Somebody whose role is `developer` has a name, or says nothing."""
    role, to = _role(value), value.get("recipient")
    said = _UNSEEN.fullmatch(role) and _sent(value) and (role != "developer" or not _is_called(value))
    return bool(said or _is_call_by_type(value) or (role and isinstance(to, str) and to != "all"))


def _is_call_by_type(value: Mapping[str, Any]) -> bool:
    return _OF_TOOLS.fullmatch(str(value.get("type"))) is not None and not _CALL.isdisjoint(value)


def _is_call(name: str, inner: object, value: Mapping[str, Any]) -> bool:
    """Return whether a field of an object holds calls: in a message, or as one of its parts (Gemini's)."""
    if not _CALLS.fullmatch(name):
        return False
    is_part = isinstance(inner, dict) and "name" in inner and not {"args", "arguments", "response"}.isdisjoint(inner)
    return is_part or bool(_role(value)) or (isinstance(inner, list) and bool(_sent(value)))


def _message(value: Mapping[str, Any], named: Mapping[str, str], sent: Collection[str]) -> str:
    """Return the text of a message, and below it other texts, such as its answers; outside of conversations also what
    else is said of it, such as its heading, or the code of an error.

    Args:
        named: Its fields as they are shown.
        sent: The fields with its text.
    """
    lines = []
    for name, text in named.items():
        inner = isinstance(value[name], list | dict)
        if name in sent or name in _CALLED:
            lines.append(text)
        elif _is_aside(name, value[name]):
            continue
        elif inner and _is_several_words(text):
            lines.append(text)
        elif not inner and not _role(value) and not is_named_private(name, "mail", "secret", "key"):
            lines.append(f"{name}: {text}")
    return "\n".join(dict.fromkeys(lines))  # plain and in parts: once


def _is_aside(name: str, value: object) -> bool:
    """Return whether a field says when, by whom or in which form a message was written; a type in words is a fact."""
    if name.lower().endswith("type"):
        return name.startswith("@") or _SLUG.fullmatch(str(value)) is not None
    return _ASIDE.fullmatch(plain_name(name)) is not None or (name == "author" and isinstance(value, list | dict))


def _is_several_words(text: str | None) -> bool:
    return text is not None and " " in text.strip() and any(map(str.isalpha, text))


@lru_cache(maxsize=4096)  # records have the same fields, over and over
def name_in_words(field: str) -> str:
    """Return a field's name in words: `damage_immunities`, `damageImmunities` and `damage_immunities.name` are
    `Damage immunities`."""
    field = _IN_LANGUAGE.sub("", field) or field
    parts = [part for part in _LEVELS.split(field) if part and not part.isdecimal()] or [field]
    while len(parts) > 1 and parts[-1].lower() in _SAID:
        parts.pop()
    *above, own = (_words(part) for part in parts)
    above = [part for part in above if part.lower() not in WRAPPED and part.lower() not in own.lower()]
    told = " ".join([*above, own])
    return told[:1].upper() + told[1:]


def _words(name: str) -> str:
    plain = name.strip().rstrip(" :").replace("_", " ").strip()
    if " " in plain or "_" in name:
        return plain
    return _HUMP.sub(lambda found: f" {found[1].lower()}", plain).replace("-", " " if name.islower() else "-")


def is_fact(value: object, text: str) -> bool:
    """Return whether a value is a fact, a few words or a list, that is only understood with the name of its field.

    Args:
        text: The value as it is shown.
    """
    short = len(text) <= _SHORT or isinstance(value, list | dict)
    return short and "\n" not in text and not _is_sentence(text)


def _is_sentence(text: str) -> bool:
    said = text.rstrip()
    return said.endswith(("。", "！", "？")) or (said.endswith((".", "!", "?", ";")) and len(said.split(None, 3)) > 3)


def _says_something(value: object) -> bool:
    return not isinstance(value, bool) and any(map(str.isalpha, str(value)))


def _is_for_programs(name: str, value: object, called: str) -> bool:
    """Return whether a field of an object is only for programs: an id, an address, the object's name as a slug, a list
    of numbers.

    Args:
        called: The object's name; empty: it has none, and an id that is a word serves as one.
    """
    if isinstance(value, list):
        digests = bool(value) and all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in value)
        return digests or (len(value) > _FEW and all(map(_is_number, value)))
    is_word = not called and isinstance(value, str) and _WORD.fullmatch(value) is not None
    if name not in _CALLED and is_slug_of(value, called):
        return True
    text = value if isinstance(value, str) else ""
    is_path = (_PATH.fullmatch(text) and _LINK.fullmatch(name)) or (_FILE.fullmatch(text) and _OF_FILES.fullmatch(name))
    is_id = (_ID.fullmatch(name) and not isinstance(value, dict) and not is_word) or _DIGEST.fullmatch(text)
    is_colour = name in ("color", "colour") and _COLOUR.fullmatch(text)
    is_link = is_address(value) or ADDRESS.fullmatch(text) or CHECKSUM.fullmatch(text)
    return bool(is_path or is_id or is_colour or is_link)


def is_slug_of(value: object, called: str) -> bool:
    """Return whether a value is the slug of a name: `stunning-strike` of Stunning Strike."""
    if not isinstance(value, str) or not _SLUG.fullmatch(value):
        return False
    return value.replace("-", "").replace("_", "") == "".join(filter(str.isalnum, called)).lower()


def _is_number(value: object) -> bool:
    """Return whether a value is a number, a version, or a list of them."""
    if isinstance(value, list):
        return all(map(_is_number, value))
    return not isinstance(value, bool) and _NUMBER.fullmatch(str(value)) is not None


_LOGGED: Final = re.compile(r"\A\d\d?/[A-Z][a-z]{2}/\d\d \d\d?:\d\d [AP]M;[^;\n]*;")
"""When and by whom something was written, before it in the same cell: comments and files in the CSV of Jira."""
_APART: Final = "\x1f"
"""Separates fields within one text (ASCII's unit separator), such as the sides of Anki's cards."""
_TYPED: Final = re.compile(r'"(?:_type|nodeType|type|ops|children)"\s*:')
_IN_BLOCKS: Final = ("title", "text", "message", "content", "items", "code", "html", "caption")
"""The fields with text in a block of Editor.js; all others are about its look."""
_BESIDE_BLOCKS: Final = frozenset(("blocks", "time", "version", "entityMap"))
_BREAK: Final = re.compile(r"<br\b[^>]*>", re.IGNORECASE)


def is_rich_text(value: object) -> bool:
    """Return whether a value is the tree of an editor. Jira (Atlassian Document Format), ProseMirror, Slate, Lexical,
    Contentful and Portable Text have nodes with a type and children, and texts as leaves; Editor.js and Draft.js have a
    list of blocks, Quill a list of insertions, Notion blocks that contain an object of their type. A list is a tree
    without its root; some of its nodes may be pictures."""
    if isinstance(value, list):
        nodes = all(isinstance(one, dict) and (_type_of(one) or is_rich_text(one)) for one in value)
        return nodes and any(map(is_rich_text, value))
    if not isinstance(value, dict):
        return False
    if _is_called(value) or _is_call_by_type(value):
        return False
    if (children := _children(value)) is not None and _type_of(value):
        return all(isinstance(one, dict) and (_type_of(one) or _is_node(one)) for one in children)
    if children and {*value} == {"children"}:
        return all(map(_is_node, children))
    return bool(_blocks(value) or _inserted(value) or _of_notion(value))


def _is_called(value: object) -> bool:
    """Return whether a value is an object with a name, and so not a node of an editor."""
    return isinstance(value, dict) and any(isinstance(value.get(name), str) and value[name] for name in _CALLED)


def _blocks(value: Mapping[str, Any]) -> list[Any]:
    """Return the blocks of Editor.js or Draft.js; empty: it is something else."""
    blocks = value.get("blocks") if {*value} <= _BESIDE_BLOCKS else None
    found = blocks if isinstance(blocks, list) else []
    whole = all(
        isinstance(one, dict) and "type" in one and (isinstance(one.get("data"), dict) or _is_node(one))
        for one in found
    )
    return found if whole else []


def _inserted(value: Mapping[str, Any]) -> list[Any]:
    """Return the insertions of Quill; empty: it is something else."""
    found = ops if {*value} == {"ops"} and isinstance(ops := value["ops"], list) else []
    return found if all(isinstance(one, dict) and "insert" in one for one in found) else []


def _of_notion(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of a block of Notion; empty: it is something else."""
    said = value.get(_type_of(value)) if value.get("object") == "block" else None
    return said if isinstance(said, dict) else {}


def _is_node(value: object) -> bool:
    return isinstance(value, dict) and (is_rich_text(value) or isinstance(value.get("text"), str))


def _written_rich_text(text: str) -> str:
    """Return the text of a tree that was stored as JSON in a column of text, alone or in a list; empty: it is not one,
    or is deeper than editors make them."""
    if text[:1] not in ("{", "[") or not _TYPED.search(text):
        return ""
    try:
        value = orjson.loads(text)
        nodes = value if isinstance(value, list) else [value.get("root", value)]
        return _paragraphs(nodes) if is_rich_text(nodes) else ""
    except (orjson.JSONDecodeError, RecursionError):
        return ""


def _type_of(node: Mapping[str, Any]) -> str:
    return str(next((node[name] for name in ("type", "_type", "nodeType") if name in node), ""))


def _children(node: Mapping[str, Any]) -> list[Any] | None:
    return next((node[name] for name in ("content", "children") if isinstance(node.get(name), list)), None)


def _paragraphs(nodes: Iterable[object]) -> str:
    return "\n\n".join(filter(None, (_of_node(node).strip() for node in nodes)))


def _of_node(node: object) -> str:
    """Return the text of a node; for an object with a name all its fields, unless it is a link."""
    is_thing = isinstance(node, dict) and _is_called(node) and "link" not in _type_of(node).lower()
    return shown(node) if is_thing else _rich_text(node)


def _rich_text(node: object) -> str:
    if not isinstance(node, dict):
        return ""
    if blocks := _blocks(node):
        return "\n\n".join(filter(None, (_of_block(one).strip() for one in blocks)))
    if inserted := _inserted(node):
        return "".join(one["insert"] for one in inserted if isinstance(one["insert"], str))
    if said := _of_notion(node):
        cells = said.get("cells", ())
        own = " | ".join(map(_spans, cells)) or _spans(said.get("rich_text") or said.get("caption"))
        return "\n\n".join(filter(None, (own or shown(said.get("title")), _paragraphs(said.get("children", ())))))
    if (children := _children(node)) is None:
        attributes = node.get("attrs")
        told = node.get("text") or node.get("value") or node.get("code")
        told = told or (isinstance(attributes, dict) and attributes.get("text"))
        return str(told or "\n" * _type_of(node).lower().endswith("break"))
    if children is not (below := node.get("children")) and isinstance(below, list) and below:
        return _paragraphs([{"type": "", "content": children}, *below])  # BlockNote: its blocks have both
    if any(is_rich_text(child) and "link" not in _type_of(child).lower() for child in children):
        return _paragraphs(children)
    return "".join(map(_of_node, children))


def _spans(said: object) -> str:
    """Return the text of a list of Notion's spans."""
    return "".join(str(one.get("plain_text", "")) for one in said) if isinstance(said, list) else ""


def _of_block(block: Mapping[str, Any]) -> str:
    """Return the text of a block: Draft.js has a text, Editor.js the data of a tool."""
    return block["text"] if isinstance(block.get("text"), str) else _of_tool(block.get("data"))


def _of_tool(said: object, name: str = "") -> str:
    """Return the text in the data of an Editor.js tool, which is inline HTML except for code: the items of a list, the
    rows of a table."""
    if isinstance(said, dict):
        return "\n".join(filter(None, (_of_tool(said[one], one) for one in _IN_BLOCKS if one in said)))
    if isinstance(said, list):
        is_table = all(isinstance(row, list) for row in said)
        return "\n".join(" | ".join(map(_of_tool, row)) if is_table else _of_tool(row) for row in said)
    if not isinstance(said, str) or name == "code":
        return said if isinstance(said, str) else ""
    return without_tags(_BREAK.sub("\n", said))
