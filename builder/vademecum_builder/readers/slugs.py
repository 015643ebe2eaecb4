"""The ids of headings in generators, each with its own rule, and its own way to distinguish equal ones.

No library such as `python-slugify` follows these rules. The sources are at each rule.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from html import unescape
from urllib.parse import quote, unquote

from vademecum_builder.readers.text import without_emoji

Rule = Callable[[str], str]


@dataclass(frozen=True)
class SlugRule:
    """How ids are made of headings.

    Attributes:
        slug: Returns the slug of the text of a heading.
        numbered: Returns the id of the n-th repetition, n from 1; the slug if equal ids are not distinguished.
        empty: The slug of a heading without a letter.
        of_source: Returns the id of a heading with its markup in other versions of the generator (None: the same
            id); if it differs, the heading has no id.
        of_markup: Returns the text that ids are made of, of a heading with its markup (None: its visible text).
        of_title: Whether headings of level 1 show their ids.
        levels: The levels of headings that have ids.
        of_images: Whether the alternative text of images is part of ids.
    """

    slug: Rule
    numbered: Callable[[str, int], str] = lambda slug, count: f"{slug}-{count}"
    empty: str = ""
    of_source: Callable[[str], str | None] | None = None
    of_markup: Callable[[str], str | None] | None = None
    of_title: bool = True
    levels: Collection[int] = range(1, 7)
    of_images: bool = False


@dataclass
class Slugs:
    """The ids of one page; only those that the author wrote may be equal."""

    rule: SlugRule
    _taken: set[str] = field(default_factory=set)
    _repeats: Counter[str] = field(default_factory=Counter)

    def take(self, text: str, explicit: str = "", source: str = "") -> str:
        """Return the id of a heading, and note that it is taken; `source` is the heading as written."""
        if self.rule.of_markup and source and not explicit:
            cut = self.rule.of_markup(source)
            text = text if cut is None else cut
        wanted = found = explicit or self.rule.slug(text) or self.rule.empty
        of_source = self.rule.of_source(source) if self.rule.of_source and source and not explicit else None
        if of_source is not None and of_source != self.rule.slug(text):
            return ""
        while not explicit and wanted and found in self._taken:
            self._repeats[wanted] += 1
            last, found = found, self.rule.numbered(wanted, self._repeats[wanted])
            if found == last:  # equal ids stay equal: a link leads to the first
                break
        self._taken.add(found)
        return found


def _of_words(text: str, *, cased: bool = False) -> str:
    """Return letters with their marks, digits and connectors, with hyphens for spaces: `\\p{Word}` of Ruby."""
    kept = (c for c in (text if cased else text.lower()) if c in " -" or unicodedata.category(c) in _OF_WORDS)
    return "".join(kept).replace(" ", "-")


_OF_WORDS = frozenset("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl Pc".split())


def _lower(text: str) -> str:
    """Return the text in lower case, one letter for each: Python makes two of `İ`."""
    return "".join(c.lower()[0] for c in text)


_SMART = re.compile(r"\.{3}|-{2,3}")
"""Signs that become an ellipsis or a dash, except in code; ids do not have these."""
_SMART_CODE = re.compile(rf"`[^`]*(?:{_SMART.pattern})")


def _with_smart_code(source: str) -> str | None:
    return "" if _SMART_CODE.search(source) else None


def ascii_of(text: str) -> str:
    """Return the text without accents, and then without characters beyond ASCII."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def python_markdown(separator: str = "-", *, unicode: bool = False) -> SlugRule:
    """Python-Markdown's `toc`: `slugify` (or `slugify_unicode`) and `unique` of markdown/extensions/toc.py."""

    def slug(text: str) -> str:
        text = re.sub(r"[^\w\s-]", "", text if unicode else ascii_of(text)).strip().lower()
        return re.sub(rf"[{re.escape(separator)}\s]+", lambda _: separator, text)

    def numbered(slug: str, count: int) -> str:
        base, mark, number = slug.rpartition("_")
        return f"{base}_{int(number) + count}" if mark and number.isdecimal() else f"{slug}_{count}"

    return SlugRule(slug, numbered, "_1")


def _pymdownx(text: str) -> str:
    text = unicodedata.normalize("NFC", re.sub(r"</?[^>]*>", "", text)).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def goldmark(text: str) -> str:
    """`sanitizeAnchorName` of Hugo's markup/goldmark/autoid.go."""
    kept = (c for c in text.strip() if c in " -_" or unicodedata.category(c)[0] == "L" or c.isdecimal())
    return _lower("".join(kept).replace(" ", "-"))


_STYLED = re.compile(
    r"!?\[(?P<linked>[^\[\]]*)\]\([^()]*\)|(?<![\w\\*])(?P<mark>\*{1,3}|_{1,3})(?=\S)(?P<styled>.*?)(?<![\s\\])(?P=mark)(?!\w)"
)
_FIRST = re.compile(
    r"[*_~\[]*(?:`(?P<code>[^`]*)|(?P<text>(?:\\.|(?!['`~*\[]|(?<!\d)\"|!\[|\]\(|<[\w/!]|(?<!\w)_|_(?!\w)|--|\.\.\.|https?://)"
    r"[^_\\])*(?:(?<=\w)_)?))"
)


def goldmark_cut(source: str) -> str | None:
    """Return the text of a heading in Markdown from which Hugo makes its id; None: all that is visible.

    Of what is bold, slanted or a link it takes what stands before the first quote, dash, code, tag or other markup.
    """

    def first(match: re.Match[str]) -> str:
        inner = match["linked"] or match["styled"] or ""
        piece = _FIRST.match(inner)
        shown = (piece["code"] or piece["text"] or "") if piece else ""
        lengths.add(len(inner.strip("*_~`")) - len(shown))
        return shown

    lengths: set[int] = set()
    cut = _STYLED.sub(first, source)
    return unescape(re.sub(r"<[^<>]*>|`", "", cut)) if any(lengths) else None


_DASHES = re.compile(r"(?<!-)(?:(?<=\w)-{2,3}(?=\w)|-{2,3}(?![\w-]))")


def _blackfriday(text: str) -> str:
    kept = (c if unicodedata.category(c)[0] in "LN" else "-" for c in _lower(text))
    return re.sub("-{2,}", "-", "".join(kept)).strip("-")


def _mdbook(text: str) -> str:
    if any(unicodedata.category(c) == "Mc" for c in text):  # some of these are letters in Rust
        return ""
    kept = (c if c.isalnum() or c in "_-" else "-" for c in text.strip() if c.isalnum() or c in "_-" or c.isspace())
    return "".join(kept).lower()


def _docutils(text: str) -> str:
    text = text.lower().replace("ß", "sz").translate(_PLAIN)
    words = re.sub(r"[^a-z0-9]+", "-", " ".join(ascii_of(text).split()))
    return re.sub(r"^[-0-9]+|-+$", "", words)


def _vitepress(text: str) -> str:
    text = re.sub("[\u0300-\u036f\x00-\x1f]", "", unicodedata.normalize("NFKD", text))
    text = re.sub(r"[\s~`!@#$%^&*()\-_+=\[\]{}|\\;:\"'“”‘’<>,.?/]+", "-", text).strip("-")
    return re.sub(r"^(\d)", r"_\1", text).lower()


def _pandoc(text: str) -> str:
    kept = "".join(c for c in text.lower() if c.isalnum() or c.isspace() or c in "-_.")
    return re.sub(r"^(?:[^\w]|[\d_])+", "", "-".join(kept.split()))


def _honkit(text: str) -> str:
    text = re.sub(r"[!-,./:-@\[-`{-~©∑®†“”‘’∂ƒ™℠…œŒ˚ºª•∆∞♥]+", "", text)
    return text.replace(" ", "-").lower().removeprefix("-")


def _sindresorhus(text: str) -> str:
    text = unicodedata.normalize("NFC", _lower(text)).translate(_SPELT)
    if any(c.isalpha() and not ascii_of(c) for c in text):  # the library transcribes other alphabets by its own tables
        return ""
    text = re.sub(r"(?<=[a-z\d])'(?=[ts](?:\s|$))", "", text).replace("&", " and ")
    return ascii_of(re.sub(r"[\W_]+", "-", text)).strip("-")


_PLAIN = str.maketrans("ßıØøĐđŁłĦħŦŧ", "siOoDdLlHhTt") | {0xC6: "AE", 0xE6: "ae", 0x152: "OE", 0x153: "oe"}
_SPELT = _PLAIN | str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "þ": "th", "ð": "d", "œ": "-", "²": "-", "·": ""}
)


def _plain_latin(letter: str) -> str:
    """Return a Latin letter without its marks; letters of other alphabets (й, が) keep theirs."""
    plain = unicodedata.normalize("NFKD", letter)
    return plain[0] if re.fullmatch("[A-Za-z][\u0300-\u036f]*", plain) else letter


def gatsby(levels: Collection[int], *, cased: bool, plain: bool) -> SlugRule:
    """gatsby-remark-autolink-headers by its options: github-slugger of all that is written, tags of HTML too.

    Args:
        levels: `elements`.
        cased: `maintainCase`.
        plain: `removeAccents`, which is lodash's `deburr`.
    """

    def slug(text: str) -> str:
        words = _of_words(text, cased=cased)
        return re.sub("[À-ſ]", lambda m: _plain_latin(m[0]), words.translate(_DEBURRED)) if plain else words

    return SlugRule(
        slug,
        of_source=lambda source: "" if re.search(r"</?\w", re.sub("`[^`]*`", "", source)) else None,
        of_images=True,
        levels=levels,
    )


_DEBURRED = _PLAIN | str.maketrans({"ß": "ss", "Æ": "Ae", "Œ": "Oe", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D"})


def _hexo(text: str) -> str:
    text = re.sub(r"(?<=\w)'(?=\w)", "\u2019", text)
    if re.search(r"['\"<]|\.\.|--", text):  # the result depends on options, and on the renderer
        return ""
    text = re.sub("[\x00-\x1f]", "", "".join(map(_plain_latin, text.translate(_PLAIN))))
    return re.sub(r"[\s~`!@#$%^&*()\-_+=\[\]{}|\\;:\"'<>,.?/]+", "-", text).strip("-")


def _redcarpet(text: str) -> str:
    kept = re.sub("[&'\"<>]", "", text)  # written as entities, which are skipped
    return re.sub(r"[^\x21-\x7e]|[-+$,/:;=?@#{}|^~\[\]`\\*()%.!]", "-", kept.lower())


def _myst(text: str) -> str:
    text = re.sub(r"[^a-z0-9-]", "-", re.sub("['‘’\"“”]+", "", text).strip().lower())
    return re.sub("-{2,}", "-", re.sub("^([0-9-])", r"id-\1", text)).strip("-")


def _words_of_ascii(text: str) -> str:
    """Return the words with hyphens between them; empty if a letter has no plain form, which generators transcribe."""
    text = re.sub(r"[\W_]+", "-", text.lower())
    plain = ascii_of(text)
    return plain.strip("-") if all(c.isascii() or ascii_of(c) for c in text) else ""


def _transcribed(text: str) -> str:
    text = re.sub("[—«»№]", "", unicodedata.normalize("NFC", text).replace("–", "-").lower()).translate(_RUSSIAN)
    if not text.isascii():  # the library has tables of many alphabets
        return ""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s$,;=/-]+", "", text).strip(" -"))


_RUSSIAN = str.maketrans("абвгдезийклмнопрстуфхцъыэ", "abvgdezijklmnoprstufhcuye", "ь") | str.maketrans(
    {"ё": "yo", "ж": "zh", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "yu", "я": "ya"}
    | {"$": "dollar", "%": "percent", "&": "and", "<": "less", ">": "greater", "|": "or"}
)


def _mintlify(text: str) -> str:
    words = quote(re.sub(r"\s+", "-", text.strip().lower()), safe="!'()*~")
    joined = re.sub(r"([a-zA-Z\d]+)-([ts])(?=-|$)", r"\1\2", re.sub(r"[^a-zA-Z\d%_]+", "-", words))
    text = re.sub(r"[?,;:!'\"()\[\]{}]", "", unquote(re.sub("-{2,}", "-", joined).strip("-")))
    if any(unicodedata.category(c) == "So" for c in text):
        import emoji  # loading its table takes a sixth of a second

        return emoji.replace_emoji(text, "")
    return text


NO_IDS = SlugRule(lambda _: "")
"""Headings have no ids, or the rule is unknown."""
MARKDOWN_IT_ANCHOR = SlugRule(lambda text: quote(re.sub(r"\s+", "-", text.strip().lower()), safe="!'()*~"))
"""The default: `encodeURIComponent` of the words."""
MINTLIFY = SlugRule(_mintlify, lambda slug, count: f"{slug}-{count + 1}")
"""`slugify` and `cleanHeadingId` of @mintlify/common/dist/slugify.js."""
SINDRESORHUS = SlugRule(_sindresorhus)
"""@sindresorhus/slugify: Eleventy's filter `slugify`."""
ELEVENTY = replace(SINDRESORHUS, numbered=MINTLIFY.numbered)
"""Eleventy's own plugin for ids, src/Plugins/IdAttributePlugin.js."""
GITHUB = SlugRule(_of_words)
"""github-slugger: GitHub itself, Docusaurus, Starlight; also Markdig's ids for GitHub, which DocFX uses."""
DOCUSAURUS = replace(GITHUB, of_title=False, of_images=True)
"""The theme shows the title by itself."""
NEXTRA = replace(GITHUB, levels=range(2, 7))
"""`remarkHeadings` of nextra/dist/server/remark-plugins."""
PYTHON_MARKDOWN = python_markdown()
PYMDOWNX = SlugRule(_pymdownx, python_markdown().numbered, "_1")
"""`pymdownx.slugs.slugify(case="lower")`, which Material for MkDocs recommends."""
GOLDMARK = SlugRule(lambda text: goldmark(_DASHES.sub("", text)), empty="heading", of_images=True)
"""Hugo since 0.144: ids of the visible text, in which hyphens become dashes, except in code."""
BLACKFRIDAY = SlugRule(_blackfriday, empty="heading")
"""Hugo's `autoHeadingIDType: blackfriday`, the rule of its versions before 0.60."""
MDBOOK = SlugRule(_mdbook)
DOCUTILS = SlugRule(_docutils, lambda _, count: f"id{count}", "id1", of_images=True)
"""Sphinx, also with MyST: `make_id` and `set_id` of docutils/nodes.py."""
VITEPRESS = SlugRule(
    lambda text: _vitepress(without_emoji(text)), of_source=lambda source: "" if re.search(r"&#?\w+;", source) else None
)
"""`slugify` of @mdit-vue/shared; equal ones by markdown-it-anchor. Only some entities are decoded."""
HONKIT = SlugRule(_honkit, lambda slug, _: slug)
"""HonKit and GitBook 3: github-slugid, which removes underscores, and does not distinguish equal ids."""
KRAMDOWN = SlugRule(lambda text: _of_words(_SMART.sub("", text)), of_source=_with_smart_code)
"""Jekyll: `generate_gfm_header_id` of kramdown-parser-gfm, after its typography."""
KRAMDOWN_BASIC = SlugRule(
    lambda text: re.sub(r"^[^a-zA-Z]+|[^a-zA-Z0-9 -]", "", _SMART.sub("", text)).replace(" ", "-").lower(),
    empty="section",
)
"""`basic_generate_id` of kramdown's converter/base.rb."""
PANDOC = SlugRule(
    lambda text: _pandoc(_SMART.sub("", text)), empty="section", of_source=_with_smart_code, of_images=True
)
"""Quarto and pkgdown: Pandoc's extension `auto_identifiers`, after `smart`."""
OBSIDIAN = SlugRule(lambda text: re.sub(r"\s+", "+", text.strip()))
"""Obsidian Publish jumps to a heading by its text."""
REDCARPET = SlugRule(lambda text: re.sub("-{2,}", "-", _redcarpet(text)).strip("-"), HONKIT.numbered)
"""`rndr_header_anchor` of Redcarpet's ext/redcarpet/html.c, which does not distinguish equal ids."""
HEXO = SlugRule(_hexo)
"""`slugize` of hexo-util, which hexo-renderer-marked and hexo-renderer-markdown-it use."""
ZOLA = SlugRule(_words_of_ascii)
"""The crate slug, which Zola also uses for addresses."""
WRITERSIDE = SlugRule(_words_of_ascii, lambda _slug, _count: "")
"""How it distinguishes equal ids is unknown."""
MYST = SlugRule(_myst, lambda slug, _: slug, of_title=False)
"""`createHtmlId` of mystmd's packages/myst-common/src/utils.ts, which does not distinguish equal ids."""
SLUGIFY = SlugRule(
    _transcribed,
    lambda slug, count: f"{slug}{count}",
    of_source=lambda source: "" if "`" in source and re.sub(r"`[^`]*`|[#\s]", "", source) else None,
    of_title=False,
)
"""`slugify` of npm as called by @diplodoc/transform, for ASCII and Russian; code beside text is left out."""
EXDOC = SlugRule(lambda text: re.sub(r"\W+", "-", text).strip("-").lower(), of_title=False)
"""`text_to_id` of ExDoc's lib/ex_doc/utils.ex; the title is separate."""
