"""reStructuredText: docutils converts it to HTML with the ids of its sections, which the reader of HTML reads.

Of directives and roles of Sphinx, most of which docutils does not know, the visible text is kept. Nothing is run, and
no other file is read.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree
from docutils.parsers.rst import Directive, Parser, directives
from docutils.parsers.rst.states import Inliner
from docutils.writers.html5_polyglot import Writer

from vademecum.errors import ContentError
from vademecum_builder.readers.converted import read_converted, typed
from vademecum_builder.readers.outline import Reading
from vademecum_builder.readers.sphinx_words import COLUMNS, ICONS, LABELS, OF_CODE, UNSEEN
from vademecum_builder.sources.formats.office_files import parser_errors

LONGEST_LINE = 100_000
LONGEST_INLINE = 10_000
"""A longer paragraph or cell is not parsed for markup: some markup costs quadratic time."""
_SETTINGS = {
    "report_level": 5,
    "halt_level": 5,
    "file_insertion_enabled": False,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "initial_header_level": 1,
    "math_output": "LaTeX",
    "syntax_highlight": "none",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "line_length_limit": LONGEST_LINE,
    "_disable_config": True,  # files in the working folder or in a home must not change documents
}
# Directives and roles by their names without a domain. Those of docutils with the same meaning in Sphinx:
_OWN = re.compile(
    r"admonition|attention|caution|danger|error|hint|important|note|tip|warning|compound|container|epigraph|highlights|"
    r"pull-quote|raw|figure|image|list-table|csv-table|table|math|parsed-literal|replace|unicode|rubric|sidebar|topic"
)
_CODE = re.compile(
    r"code(?:-block|-cell)?|sourcecode|prompt|testcode|testoutput|doctest|productionlist|ipython|console|jupyter-execute"
)
_READS_FILES = re.compile(r"include|literalinclude|remoteliteralinclude")
# Those that are an entry of their own, even without a description.
_DESCRIBES = re.compile(
    r"auto\w+|doxygen(?!group|file|page|index)\w+|function|\w*method|class|attribute|property|data|exception|decorator|"
    r"(?:cmd)?option|envvar|describe|object|macro|type|var|member|struct|union|enum\w*|concept|alias|confval|directive|role|centered"
)
_FIELDS = {
    **dict.fromkeys(("param", "parameter", "arg", "argument", "key", "keyword", "var", "ivar", "cvar"), ""),
    **dict.fromkeys(("type", "vartype"), "Type of"),
    **dict.fromkeys(("return", "returns"), "Returns"),
    **dict.fromkeys(("raise", "raises", "except", "exception"), "Raises"),
    "rtype": "Return type",
}
"""What Sphinx shows for the first words of fields in a description."""
_OWN_ROLES = re.compile(r"code|math|sub|subscript|sup|superscript|emphasis|strong|literal|title-reference|title|t")
_PROSE = re.compile(r"ref|doc|pep|rfc|term|numref|guilabel|menuselection|abbr|any|index|download|eq|cite|dfn")
_TARGET = re.compile(r"\A([\s\S]*\S)\s*<[^<>]*>\Z")
_LOOK = re.compile(r"[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*)*")
_CARD_BREAK = re.compile(r"[+^]{3,}")
"""Above the foot and below the head of a card (sphinx-design)."""
_LOCK = threading.Lock()  # docutils looks directives up in a module


def read_rst(text: str, *, auto_ids: str = "id") -> Reading:
    """Read a reStructuredText (line breaks are `\\n`). The title is the first section's.

    Fields at the head, above the title or below it, are metadata.

    Args:
        auto_ids: The setting `auto_id_prefix` of docutils for sections whose id is taken: `id` in Sphinx, else `%`.

    Raises:
        ContentError: docutils fails.
    """
    page, metadata, left = _as_html(text, auto_ids)
    warnings = [f"`{name}` left out: no other file is read" for name in sorted(left) if name]
    warnings += [OF_CODE] if left[""] else []
    return read_converted(page, metadata, warnings)


def rst_as_html(text: str) -> tuple[str, str]:
    """Return the HTML, in one line, of a piece of reStructuredText in a page of another format, and what it lacks
    (empty: nothing)."""
    # Behind a comment, fields are not the head of a document.
    page, _, left = _as_html(f"..\n\n{text}", "id")
    return page.strip().replace("\n", "&#10;"), OF_CODE if left[""] else ""


def _as_html(text: str, auto_ids: str) -> tuple[str, dict[str, Any], Counter[str]]:
    """Return the HTML of a text, the fields at its head, and how many directives that read files or code (as "") it
    has."""
    long = next((n for n, line in enumerate(text.split("\n"), 1) if len(line) > LONGEST_LINE), 0)
    if long:
        raise ContentError(f"line {long} has more than {LONGEST_LINE} characters: break it")
    left: Counter[str] = Counter()
    with _LOCK, _directives(left), parser_errors("reStructuredText"):
        parser = Parser(rfc2822=text.startswith("PEP:"), inliner=_inliner())
        settings = {**_SETTINGS, "auto_id_prefix": auto_ids}
        tree = publish_doctree(text, parser=parser, settings_overrides=settings)
        metadata = _metadata(tree)
        # An explicit target follows the id of the title.
        for section in tree.findall(nodes.section):
            title: Any = section[0]
            title["ids"], section["ids"] = section["ids"][-1:], []
        for name in tree.findall(nodes.field_name):
            first, *words = name.astext().split()
            if first in _FIELDS:
                shown = f"{words[-1]} ({' '.join(words[:-1])})" if words[1:] else "".join(words)
                name[:] = [nodes.Text(f"{_FIELDS[first]} {shown}".strip())]
        # An unknown name: a page or a substitution in another file.
        for problem in list(tree.findall(nodes.problematic)):
            problem.parent.replace(problem, nodes.Text(problem.astext().strip("`|_*")))
        writer = Writer()
        publish_from_doctree(tree, writer=writer, settings_overrides=settings)
    return writer.parts["fragment"], metadata, left


def _metadata(tree: nodes.document) -> dict[str, Any]:
    """Take the fields at the head out of the tree, above the title or below it."""
    seen = [node for node in tree.children if not isinstance(node, nodes.target)][:1]
    if seen and isinstance(seen[0], nodes.section):
        seen = seen[0].children[1:2]
    found: dict[str, Any] = {}
    for fields in seen:
        if isinstance(fields, nodes.field_list):
            for field in fields.findall(nodes.field):
                found[field.children[0].astext().lower()] = typed(field.children[1].astext())
            fields.parent.remove(fields)
    if found.pop("nosearch", False):
        found["search"] = False  # the search of Sphinx does not find the page, either
    return found


def _inliner() -> Inliner:
    """Return an inliner that knows every role; those that are not docutils' own become their visible text."""
    inliner = Inliner()
    own, parse = inliner.interpreted, inliner.parse

    def bounded(text: str, lineno: int, memo: Any, parent: Any) -> Any:
        if len(text) > LONGEST_INLINE:
            return [nodes.Text(nodes.unescape(text))], []
        return parse(text, lineno, memo, parent)

    def interpreted(rawsource: str, text: str, role: str, lineno: int) -> Any:
        name = _plain(role)
        if name.startswith("raw") or ICONS.fullmatch(name):
            return [], []
        if not role or _OWN_ROLES.fullmatch(name):
            return own(rawsource, text, name, lineno)
        shown = nodes.unescape(text)
        titled = _TARGET.match(shown)
        if titled:
            shown = titled[1]
        elif shown.startswith("~"):
            shown = shown.rpartition(".")[2]
        elif name in ("pep", "rfc"):
            shown = f"{name.upper()} {shown}"
        kind = nodes.inline if _PROSE.fullmatch(name) else nodes.literal
        return [kind(rawsource, shown.lstrip("~!"))], []

    # Not a subclass: docutils looks up patterns in the class itself.
    vars(inliner).update(interpreted=interpreted, parse=bounded)
    return inliner


def _plain(name: str) -> str:
    return name.lower().rpartition(":")[2]


class _Permissive(dict[str, Any]):
    """A mapping with all options."""

    def __missing__(self, name: str) -> Any:
        return directives.unchanged


class _Any(Directive):
    """A directive of Sphinx or of an extension: its argument and its content are shown."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _Permissive(name=directives.unchanged)

    def run(self) -> list[nodes.Node]:
        name = _plain(self.name)
        argument = self.arguments[0] if self.arguments else ""
        if name == "only" and (argument.split()[:1] == ["not"]) == ("html" in argument):
            return []  # `internal`, `draft`: no tags are set
        if _CODE.fullmatch(name):
            text = "\n".join(self.content)
            language = argument.split()[:1] if name.startswith(("code", "source", "prompt")) else []
            code = nodes.literal_block(text, text, classes=[f"highlight-{one}" for one in language])
            return [*self._paragraphs(self.options.get("caption", "")), code]
        label = LABELS.get(name, "")
        if self.name == "class" and not self.content and _LOOK.fullmatch(argument):
            return []  # in docutils a style of the next paragraph; Sphinx describes a class of Python
        if not label and not self.content and len(argument.split()) == 1 and not _DESCRIBES.fullmatch(name):
            return []  # `.. setting:: x` of an extension: the target of references, above its description
        if not label and not _DESCRIBES.fullmatch(name) and COLUMNS.fullmatch(argument):
            argument = ""
        if name.startswith("button-") and self.content:
            argument = ""  # where it leads
        for number, line in enumerate(self.content if "card" in name else ()):
            self.content[number] = "" if _CARD_BREAK.fullmatch(line) else line
        box = nodes.container()
        box.document = self.state.document
        members = self.options.get("members", "") if name.startswith("auto") else ""
        argument = "\n".join(filter(None, (argument, members)))
        if name != "only" and (argument or label):
            box += self._paragraphs(f"{label} {argument}".replace("\n", " ") if label else argument)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]

    def _paragraphs(self, text: str) -> list[nodes.Node]:
        """Return each line of a text as a paragraph."""
        lines = ((line, self.state.inline_text(line, self.lineno)[0]) for line in filter(None, text.split("\n")))
        return [nodes.paragraph(line, "", *children) for line, children in lines]


class _Unseen(_Any):
    def run(self) -> list[nodes.Node]:
        return []


@contextmanager
def _directives(left: Counter[str]) -> Iterator[None]:
    """Within, all directives are known; those that would read files are counted, also (as "") those that read code."""

    def known(name: str, language: Any, document: Any) -> tuple[type[Directive] | None, list[Any]]:
        plain = _plain(name)
        if _READS_FILES.fullmatch(plain):
            left[plain] += 1
            return _Unseen, []
        left[""] += plain.startswith(("auto", "doxygen"))
        if _OWN.fullmatch(plain):
            return own(name, language, document)
        return _Unseen if UNSEEN.fullmatch(plain) else _Any, []

    own = directives.directive
    vars(directives)["directive"] = known
    try:
        yield
    finally:
        vars(directives)["directive"] = own
