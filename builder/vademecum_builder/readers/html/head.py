"""A page's metadata: title, language, canonical address, robots, generator, version, redirect."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vademecum_builder.readers.html.tree import Attributes, Tree, children, text_of
from vademecum_builder.readers.text import clean_line

_REFRESH = re.compile(r"\s*([\d.]+)\s*[;,]?\s*(?:url\s*=)?\s*[\"']?(.*?)[\"']?\s*$", re.IGNORECASE | re.DOTALL)
_SLOW = 5
"""Seconds: a page that redirects later than this is meant to be read."""
_VERSION_NAMES = ("version", "docsearch:version", "docusaurus_version", "dcterms.hasversion", "doc-version")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class Head:
    """The metadata in `<head>`, and on `<html>`.

    Attributes:
        title: `<title>`, on one line.
        lang: Of `<html lang>`, as written; empty if there is none.
        canonical: `<link rel=canonical>`, as written.
        redirect: The target of `<meta http-equiv=refresh>`; None without one.
        robots: Words of `<meta name=robots>` and the like, lower case.
        generator, version, description: From the meta elements with these names.
    """

    title: str
    lang: str
    canonical: str
    redirect: str | None
    robots: frozenset[str]
    generator: str
    version: str
    description: str


def read_head(tree: Tree) -> Head:
    """Return the metadata of a page."""
    named: dict[str, str] = {}
    title = canonical = ""
    redirect: str | None = None
    robots: set[str] = set()
    for node in children(tree.head) if tree.head is not None else ():
        attributes = node.attributes
        if node.tag == "title":
            title = title or clean_line(text_of(node))
        elif node.tag == "link":
            if "canonical" in (attributes.get("rel") or "").lower().split():
                canonical = canonical or (attributes.get("href") or "").strip()
        elif node.tag == "meta":
            name = (attributes.get("name") or "").lower()
            content = attributes.get("content") or ""
            if (attributes.get("http-equiv") or "").lower() == "refresh" and redirect is None:
                redirect = _refresh(content)
            elif name in ("robots", "googlebot"):
                robots |= set(re.split(r"[\s,]+", content.lower()))
            elif name:
                named.setdefault(name, clean_line(content, longest=1000))
    return Head(
        title=title or clean_line(text_of(tree.css_first("body > title, body.doc-content > p.title"))),
        lang=_language(tree),
        canonical=canonical,
        redirect=redirect,
        robots=frozenset(robots),
        generator=clean_line(named.get("generator", "")),
        version=next(
            (clean_line(named[name], 40) for name in _VERSION_NAMES if named.get(name, "current") != "current"), ""
        ),
        description=named.get("description", ""),
    )


def _refresh(content: str) -> str | None:
    match = _REFRESH.match(content)
    if match is None or not match[2]:
        return None  # a page that reloads itself
    return match[2] if match[1].replace(".", "", 1).isdigit() and float(match[1]) <= _SLOW else None


def _language(tree: Tree) -> str:
    root = tree.root
    attributes: Attributes = root.attributes if root is not None else {}
    lang = (attributes.get("lang") or attributes.get("xml:lang") or "").strip()
    return lang.replace("_", "-") if len(lang) <= 35 and _LANGUAGE.fullmatch(lang) else ""
