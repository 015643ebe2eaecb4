"""MDX: Markdown with JSX. Tags are removed; the text between them stays, and so does text for readers in
attributes. Computed values and comments are removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import punctuation

from vademecum_builder.profiles.base import Page, Pass
from vademecum_builder.profiles.code import CODE, GONE, outside_code
from vademecum_builder.profiles.esm import modules
from vademecum_builder.profiles.tags import arguments, shown
from vademecum_builder.readers.fences import fenced

_ID = re.compile(r"^([ \t]*#{1,6}[ \t].*?)[ \t]*\\?\{/\*[ \t]*#?([^\s*/]+)[ \t]*\*/\}[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"\{\s*/\*(?:(?!\{\s*/\*)[\s\S])*?\*/\s*\}")
_MODULE = re.compile(
    r"(?:(?<=\n\n)|(?<=\A)|(?<=---\n))(?:import\s+(?:[\w$*{][^\n]*\sfrom\s*)?['\"]|import\s*\{|export\s+(?:const|let|var|default|function|async|\{|\*))"
    r"[\s\S]*?(?=\n[ \t]*\n|\Z)"
)
_IMPORTED = re.compile(r"^import\s+(\w+)(?:\s*,\s*\{[^{}]*\})?\s+from\s+['\"]([^'\"]+\.mdx?)['\"]", re.MULTILINE)
_OPENING = re.compile(r"</?([A-Za-z][\w.-]*)(?=[\s/>])|</?>")
_STEP = re.compile(r"\"[^\"]*\"|'[^']*'|[{<>]|\n[ \t]*\n")
_BRACE = re.compile(r"[{}]|\"(?:\\.|[^\"\\\n])*\"|(?<!\w)'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`")
_KEYS = frozenset({"Key", "Keys", "Kbd", "Hotkey", "Shortcut", "KeyboardShortcut"})
"""Components whose attributes are the keys to press: without these, a sentence makes no sense."""
_LONGEST = 20_000
"""The most characters of a value in braces."""
_TEXT_VALUE = re.compile(r"\{\s*(?:'([^'{}\n]*)'|\"([^\"{}\n]*)\"|`([^`${}]*)`)\s*\}")
_ATTRIBUTES = re.compile(
    r"(?:(?:\s+|(?<=[\"'}]))[\w:.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'))?|\s*(?:\{\}|\"[^\"]*\"))*\s*/?"
)
_EXPRESSION = re.compile(r"(?<!\\)\{(?!\})(?:[^{}\n]|\n(?![ \t]*\n)|\{(?:[^{}]|\{[^{}]*\})*\})*\}")
_BLOCK = re.compile(
    r"^([ \t]*<(summary|figcaption|p|div|li|dt|dd|center)(?:\s[^<>]*)?>)[ \t]*(\S(?:.*\S)?)[ \t]*(</\2>[ \t]*)$",
    re.MULTILINE,
)
_TAGS_ALONE = re.compile(r"^[ \t]*(?:</?[a-z][\w-]*(?:\s[^<>]*)?>[ \t]*)+$", re.MULTILINE)
_QUOTED = re.compile(r"(?<![=$])\{\s*(?:'([^'\n]*)'|\"([^\"\n]*)\"|`([^`$\n]*)`)\s*\}")
_LITERAL = re.compile(
    rf"{_MODULE.pattern}|<(?P<name>[A-Za-z][\w.]*)(?P<said>(?:\s[^<>{{}}]*)?)>"
    rf"\s*\{{\s*`(?P<code>(?:\\[\s\S]|[^`\\])*)`\s*\}}\s*</(?P=name)>"
    rf"|(?P<quoted>{_QUOTED.pattern})|{CODE.pattern}",
    re.MULTILINE,
)
_LANGUAGE = re.compile(r"\blanguage=[\"']([\w+#-]+)")
_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in punctuation}


def literals(text: str, page: Page) -> str:
    """`{'{'}` and `{"<tag>"}` contain text, `<CodeBlock>{`a`}</CodeBlock>` contains code."""

    def said(match: re.Match[str]) -> str:
        return next(part for part in match.groups() if part is not None).translate(_SIGNS)

    def written(match: re.Match[str]) -> str:
        if match["quoted"] or match["tag"]:
            return _QUOTED.sub(said, match[0])
        if match["name"] is None:
            return match[0]
        code, is_component = re.sub(r"\\([`$\\])", r"\1", match["code"].strip("\n")), match["name"][0].isupper()
        language, title = _LANGUAGE.search(match["said"]), shown(arguments(match["said"])[1])
        if "\n" not in code and match["name"] != "CodeBlock" and not (title and is_component):
            longest = max(map(len, re.findall("`+", code)), default=0)
            mark, apart = "`" * (longest + 1), " " if longest else ""
            return f"{mark}{apart}{code.strip()}{apart}{mark}" if code.strip() else ""
        return f"\n\n{title}\n\n{fenced(code, language[1] if language else '')}\n\n"

    return _LITERAL.sub(written, text) if re.search(r"\{\s*['\"`]", text) else text


def in_mdx(done: Pass) -> Pass:
    """Return a pass for `.mdx` files only: in other files, braces are text, and tags are HTML."""
    return lambda text, page: done(text, page) if page.key.endswith(".mdx") else text


def comments(text: str, page: Page) -> str:
    """`{/* ... */}` is a comment; after a heading it is its id."""
    if "/*" not in text:
        return text
    return outside_code(text, lambda plain: _COMMENT.sub("", _ID.sub(r"\1 {#\2}", plain)))


def jsx(text: str, page: Page) -> str:
    """Components: the tags are removed, their `label` or `title` stays; an imported page is included in their place."""
    partials = dict(_IMPORTED.findall(text))

    labels: dict[str, str] = {}

    def tag(name: str, said: str, *, closing: bool, before: str) -> str:
        if name in partials and not closing:
            place = partials[name].replace("\\", "")
            return f"\n\n{page.include_page(*_from(place, page), passes=(comments, fronts, jsx))}\n\n"
        if name in _KEYS and said.endswith("/"):
            return "+".join(filter(None, arguments(said.rstrip("/"))[1].values())) or GONE
        given = {} if closing else arguments(said)[1]
        label = "" if name.endswith("Icon") else shown(given)  # its name is that of a picture
        if name == "TabItem" and "label" not in given:
            label = labels.get(given.get("value", ""), given.get("value", ""))
        if before.lstrip().startswith("#"):
            return f"\ue008{' '.join(label.split())}\ue008" if label else GONE
        inline = bool(before.strip())
        return label or GONE if inline and name not in ("TabItem", "Tab") else f"\n\n{label}\n\n"

    def edit(plain: str) -> str:
        out, at = "", 0
        for start, end, name, said in _tags(plain):
            out += plain[at:start]
            if name and not name[0].isupper() and ("." not in name or plain[:start][-1:].isalnum()):
                out += f"<{name}{said.replace('{}', '')}>" if "{" in plain[start:end] else plain[start:end]
            else:
                labels.update(_tab_labels(plain[start:end]) if name == "Tabs" else ())
                before = plain[plain.rfind("\n", 0, start) + 1 : start]
                out += tag(name, said, closing=plain[start + 1] == "/", before=before)
            at = end
        return _BADGED.sub(_badges_below, out + plain[at:])

    text = modules(text, page)
    return outside_code(text, edit) if "<" in text else text


_FRONT = re.compile(r"^([ \t]*#{1,6}[ \t]+)(?=<[A-Z])", re.MULTILINE)


def fronts(text: str, page: Page) -> str:
    """A heading that begins with a component gets a sign there that nobody sees: the space after the component is part
    of the id (`-oil`)."""
    return outside_code(text, lambda plain: _FRONT.sub("\\1\u2060", plain)) if "<" in text else text


_TAB = re.compile(r"\{[^{}]*\}")
_TAB_FIELD = re.compile(r"\b(label|value)['\"]?\s*:\s*(?:'([^'\n]*)'|\"([^\"\n]*)\")")


def _tab_labels(tag: str) -> Iterator[tuple[str, str]]:
    """Yield the values of tabs with their labels: `<Tabs values={[{label: 'Linux', value: 'linux'}]}>`."""
    for tab in _TAB.findall(tag.partition("values=")[2].removeprefix("{")):
        said = {name: single or double for name, single, double in _TAB_FIELD.findall(tab)}
        if {"label", "value"} <= said.keys():
            yield said["value"], said["label"]


_BADGED = re.compile("^.*\ue008.*$", re.MULTILINE)


def _badges_below(heading: re.Match[str]) -> str:
    """Return a heading with the text of its badges below it: ids are made without them."""
    parts = heading[0].split("\ue008")
    indent = parts[0][: len(parts[0]) - len(parts[0].lstrip())]
    return f"{''.join(parts[::2])}\n\n{indent}{', '.join(parts[1::2])}\n"


def _tags(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield where tags begin and end, their names, and their attributes without computed values (`{}`)."""
    at = 0
    while opening := _OPENING.search(text, at):
        at = opening.end()
        if not opening[1]:
            yield opening.start(), at, "", ""
            continue
        said = ""
        while step := _STEP.search(text, at):
            said += text[at : step.start()]
            at = step.end()
            if step[0] == "{":
                at = _closed(text, step.start())
                value = _TEXT_VALUE.fullmatch(text, step.start(), at)
                said += '"' + next(filter(None, value.groups()), "") + '"' if value else "{}"
            elif step[0][0] in "\"'":
                said += step[0]
            else:
                break
        if step and step[0] == ">" and _ATTRIBUTES.fullmatch(said.replace("={}", "")):
            yield opening.start(), at, opening[1], said.replace("={}", '=""')
        elif step and step[0] == "<":
            at = step.start()


def _closed(text: str, opening: int) -> int:
    """Return the place after the closing brace; if there is none, where the search ended."""
    depth, end = 0, min(len(text), opening + _LONGEST)
    for match in _BRACE.finditer(text, opening, end):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return end


def html(text: str, page: Page) -> str:
    """Lines of HTML tags become paragraphs: the text between them is Markdown in MDX, but HTML in CommonMark."""
    if "<" not in text:
        return text
    return outside_code(text, lambda plain: _TAGS_ALONE.sub(r"\n\g<0>\n", _BLOCK.sub(r"\1\n\n\3\n\n\4", plain)))


_PATHS = re.compile(r"\"([^\"*\s]+)\*\"\s*:\s*\[\s*\"([^\"*\s]*)\*\"")
_ROOTS = [(root, folder) for root in ("@site/", "@/", "~/", "/") for folder in ("", "src/")]


def _from(place: str, page: Page) -> tuple[str, ...]:
    """Return an imported file and the folders where it may be, according to `paths` of TypeScript's configuration."""
    said = [*_PATHS.findall(page.project.text("tsconfig.json", "jsconfig.json")), *_ROOTS]
    named = [(place.removeprefix(root), folder) for root, folder in said if root and place.startswith(root)]
    if not named:
        return place, page.key.rpartition("/")[0]
    return named[0][0], *(folder.removeprefix("./") for _, folder in named)


def expressions(text: str, page: Page) -> str:
    """`{'text'}` becomes its text, other `{expression}`s are computed and removed; ids of headings stay."""

    def replaced(match: re.Match[str]) -> str:
        found = _TEXT_VALUE.fullmatch(match[0])
        if found:
            return next(part for part in found.groups() if part is not None)
        return match[0] if match[0].startswith("{#") else GONE

    return outside_code(text, lambda plain: _EXPRESSION.sub(replaced, plain)) if "{" in text else text


_DEEP = re.compile(r" {4}|\t")


def fences(text: str, page: Page) -> str:
    """Indented fences become paragraphs of their own; in CommonMark they would continue the text above. In MDX indented
    text is not code."""

    def apart(match: re.Match[str]) -> str:
        joined = match["fence"] and _DEEP.match(match[0]) and match.string[max(match.start() - 2, 0)] != "\n"
        return f"\n{match[0]}" if joined else match[0]

    return CODE.sub(apart, text) if "```" in text or "~~~" in text else text


PASSES: tuple[Pass, ...] = (literals, fences, comments, fronts, jsx, html, expressions)
"""What all generators with MDX do."""
