"""Pages in several versions and languages, recognised by their paths: `2.0/a.md`, `de/a.md`, `a.de.md`.

A folder is a version or a language if its name says so, and another such folder beside it, or the folder above, has
the same pages: `it/` alone is the IT department, and chapters have no pages in common.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

# ISO 639-1, without `ts`: a folder of that name is TypeScript.
_LANGUAGES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv
    dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie
    ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv
    mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm
    rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr tt
    tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()
)
# Scripts of ISO 15924 that tell variants of a language apart; regions of ISO 3166-1, and what people write for them.
# They are listed since `no-void` and `is-ok` are names, neither Norwegian nor Icelandic.
_SCRIPTS = frozenset(
    """
    arab armn beng cyrl deva ethi geor grek guru hans hant hebr jpan khmr kore latn mong mymr sinh taml telu tfng thai
    """.split()
)
_REGIONS = frozenset(
    """
    ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by
    bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et eu fi fj
    fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq
    ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh
    mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl
    pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td
    tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk um us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw
    """.split()
)
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{4}))?(?:[-_](?:([A-Za-z]{2})|\d{3}))?")
_NUMBER = r"\d+(?:\.(?:\d+|x))*(?:[.-]?(?:a|b|rc|alpha|beta|dev|final)[.-]?\d*)?"
_VERSION = re.compile(rf"(?:(?:version|release|ver)[-_]?|v)({_NUMBER})|(?=\d+\.){_NUMBER}", re.IGNORECASE)
_NAMED_VERSIONS = frozenset(
    {"latest", "stable", "current", "next", "dev", "devel", "main", "master", "edge", "nightly", "unstable"}
)
_INDEX = re.compile(r"(?:index|readme|_index)\.\w+", re.IGNORECASE)
_SUFFIXED = re.compile(r"(.+)\.([A-Za-z]{2}(?:[-_][A-Za-z]{2,4})?)(\.\w+)")
_README = re.compile(r"(readme)[-_]([A-Za-z]{2}(?:[-_](?:[A-Za-z]{2}|[A-Za-z]{4}))?)(\.\w+)", re.IGNORECASE)
_SHARE = 0.5
"""Two folders have the same pages if this share of the smaller one's pages is also in the other."""


@dataclass(frozen=True)
class PagePlace:
    """The place of a page among versions and languages.

    Attributes:
        page: The key that all its versions and languages share; empty: there is only one.
        lang, version: Empty: the path does not tell.
    """

    page: str = ""
    lang: str = ""
    version: str = ""

    @property
    def metadata(self) -> dict[str, str]:
        """The place as metadata of a document."""
        fields = {"pageKey": self.page, "lang": self.lang, "version": self.version}
        return {name: value for name, value in fields.items() if value}


def version_named(name: str) -> str:
    """Return the version that a folder's name stands for: `version-2.0` is 2.0; empty: it is not a version."""
    found = _VERSION.fullmatch(name)
    if found is None:
        return name if name.lower() in _NAMED_VERSIONS else ""
    return name if name[0] in "vV" and name[1:2].isdigit() else found[1] or name


_COUNTRIES = {"cn": "zh", "jp": "ja"}
"""Country codes that publishers use for a language and that are not codes of another language."""


def split_language(path: str, languages: Container[str]) -> tuple[str, str]:
    """Return the page that a file translates, and its language (`pump.de.md`), empty if it is not a translation."""
    named, ending = posixpath.splitext(path)
    whole, _, language = named.rpartition(".")
    return (whole + ending, language) if whole and language in languages else (path, "")


def language_named(name: str) -> str:
    """Return the language that a name stands for: `pt_BR` is pt-BR; empty: it is not a language."""
    name = _COUNTRIES.get(name.lower(), name)
    found = _LANGUAGE.fullmatch(name)
    said = [part and part.lower() for part in found.groups()] if found else []
    known = zip(said, (_LANGUAGES, _SCRIPTS, _REGIONS), strict=False)
    return name.replace("_", "-") if said and all(part in parts for part, parts in known if part) else ""


class PagePlaces:
    """The places of all files of a source, given their keys."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = frozenset(keys)
        self._suffixed = Counter(
            found[1] + found[3]
            for key in self._keys
            if (found := _SUFFIXED.fullmatch(key)) and language_named(found[2])
        )
        self._folders = {**self._named_folders("version"), **self._named_folders("lang")}

    def of(self, key: str) -> PagePlace:
        """Return the place of a page."""
        place, kept, folder = PagePlace(), [], ""
        *folders, name = key.split("/")
        for part in folders:
            folder += f"{part}/"
            said = self._folders.get(folder)
            if said is None:
                kept.append(part)
            else:
                place = replace(place, **said)
        suffixed = _SUFFIXED.fullmatch(name) or _README.fullmatch(name)
        if suffixed and language_named(suffixed[2]) and self._has_sibling(folder, suffixed):
            place, name = replace(place, lang=language_named(suffixed[2])), suffixed[1] + suffixed[3]
        page = "/".join([*kept, name])
        return replace(place, page=page) if page != key else PagePlace()

    def _has_sibling(self, folder: str, suffixed: re.Match[str]) -> bool:
        """Return whether `a.de.md` is beside `a.md`, or beside another language."""
        plain = folder + suffixed[1] + suffixed[3]
        return plain in self._keys or self._suffixed[plain] > 1

    def _named_folders(self, kind: str) -> dict[str, dict[str, str]]:
        """Return the folders that are a version or a language, with its name."""
        named = version_named if kind == "version" else language_named
        pages: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for key in self._keys:
            parts = key.split("/")
            for at, part in enumerate(parts[:-1]):
                rest = "/".join(parts[at + 1 :])
                if named(part) and not _INDEX.fullmatch(rest):
                    pages["/".join(parts[:at])][part].add(rest)
        certain = set()  # a name that is a version or a language in one place is one everywhere
        for above, children in pages.items():
            prefix = f"{above}/" if above else ""
            for part, mine in children.items():
                beside = {rest for rest in mine if f"{prefix}{rest}" in self._keys}
                shares = [len(beside) / len(mine)]
                shares += [len(mine & its) / min(len(mine), len(its)) for its in children.values() if its is not mine]
                if max(shares) >= _SHARE:
                    certain.add(part)
            # An old version may have no page in common with the newer ones.
            numbers = [part for part in children if kind == "version" and _VERSION.fullmatch(part)]
            if len(certain.intersection(numbers)) > 1:
                certain.update(numbers)
        return {
            f"{above}/{part}/".lstrip("/"): {kind: named(part)}
            for above, children in pages.items()
            for part in children.keys() & certain
        }


def preferred(values: Iterable[str], first: str = "") -> tuple[str, ...]:
    """Return versions in the order that readers prefer: the current one, then falling numbers, then versions to come.

    Args:
        first: The current one, if the publisher names it.
    """
    versions = {*values}
    stable = any(version.lower() in ("stable", "current") for version in versions)

    def rank(version: str) -> tuple[object, ...]:
        name = version.lower()
        number = re.fullmatch(rf"v?({_NUMBER})", name)
        if version == first or name in ("stable", "current"):
            return (0 if version == first else 1, (), name)
        if name == "latest" and not stable:
            return (2, (), name)
        if number is None:
            return (5, (), name)
        numbers = [-int(part) if part.isdigit() else float("-inf") for part in re.findall(r"\d+|x", number[1])]
        early = re.search(r"a|b|rc|dev", number[1]) is not None
        return (4 if early else 3, (*numbers, *[0] * (9 - len(numbers))), name)

    return tuple(sorted(versions, key=rank))


def order_of(said: Mapping[str, Mapping[str, object]], first: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the order of a release's versions and languages (format.md, 5.1); empty: each page has one place.

    Args:
        said: The metadata of all documents, by key.
        first: The current version and the default language, as far as a configuration names them.
    """
    texts: dict[str, defaultdict[str, list[str]]] = {"lang": defaultdict(list), "version": defaultdict(list)}
    votes: defaultdict[str, int] = defaultdict(int)
    for key, metadata in said.items():
        for name, documents in texts.items():
            if isinstance(value := metadata.get(name), str) and value:
                documents[value].append(key)
        target = said.get(str(metadata.get("canonical")), {}).get("version")
        if isinstance(target, str) and target != metadata.get("version"):
            votes[target] += 1
    canonical = max(sorted(votes), key=lambda version: votes[version], default="")
    langs, versions = texts["lang"], texts["version"]

    def language_rank(lang: str) -> tuple[object, ...]:
        own = sum("pageKey" not in said[key] for key in langs[lang])
        return (lang != first.get("lang"), -own, -len(langs[lang]), not lang.lower().startswith("en"), lang)

    ordered = {
        "lang": tuple(sorted(langs, key=language_rank)),
        "version": preferred(versions, first.get("version") or canonical),
    }
    several = any("pageKey" in metadata for metadata in said.values())
    return {name: values for name, values in ordered.items() if len(values) > 1 or (values and several)}
