"""The published site: from the facts of a release to the bytes of its pages. Pure; owns jinja2.

`index.html` and everything that it loads do not depend on the release, so that a new release does not make a new page:
the service worker keeps these files (the *shell*) until one of them changes. Files that do depend on it
(`documents.html`, `release.html`, `assets/examples.json`) are fetched again whenever there is a network.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from markupsafe import Markup

from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import Manifest
from vademecum.search.stems import algorithms_of
from vademecum_builder.pages.contents import Contents, ages_of, cut_tree, earlier_of, shown_fields, tree_of
from vademecum_builder.release.channels import Channels, yanked_of
from vademecum_builder.release.share import share_text
from vademecum_builder.release.version_json import DocumentChanges

if TYPE_CHECKING:
    import jinja2

CHANGES_SHOWN = 50
OPENED = 200
"""With at most this many documents, the folders at the top are open."""
LISTED = 5_000
"""So many documents are listed at most: a browser lays out 200,000 for a minute, and does nothing else meanwhile."""
_DESCRIPTION = "Search by meaning and by word, on your own device, with or without a network."
_PAGES = ("index.html", "documents.html", "release.html", "404.html")
_AT_THE_ROOT = frozenset({"icon.svg", "sw.js"})
_PER_RELEASE = ("assets/examples.json", "documents.html", "release.html")
_STEMMERS = "client/search/stemmers/"
_NOT_FOR_THE_SHELL = frozenset({*_PER_RELEASE, "404.html", "sw.js"})
PROGRAM = 5_500_000
"""Compressed bytes that a first visit downloads besides the index: nearly all of it is Python's runtime."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BROWSERS_SKIP = re.compile(r"[\x00-\x20\x7f]+")


@dataclass(frozen=True)
class ShownRelease:
    """The release that the pages are about.

    Attributes:
        digest: SHA-256 of the manifest's bytes, hex.
        changes: What the release changed; its page shows `CHANGES_SHOWN` of each kind.
        contents: Its documents, and what its build said about them.
    """

    manifest: Manifest
    digest: str
    changes: DocumentChanges
    contents: Contents


@dataclass(frozen=True)
class SiteContext:
    """Everything that the site depends on.

    Attributes:
        title: Name of the knowledge base.
        root: The TUF root metadata as published: the page ships it as its trust.
        client: SHA-256 of each file below `client/`, by path (`client_bundle.digests`).
        examples: Queries to offer before somebody types.
        channels: What each channel leads to.
    """

    title: str
    release: ShownRelease
    root: bytes
    client: Mapping[str, str] = field(default_factory=dict)
    examples: Sequence[str] = ()
    channels: Channels = field(default_factory=dict)


def render_site(context: SiteContext) -> Mapping[str, bytes]:
    """Return the site's files: path below the published tree -> content. The same context, the same bytes."""
    folder = site_folder() / "static"
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    files = {name if name in _AT_THE_ROOT else f"assets/{name}": (folder / name).read_bytes() for name in names}
    files |= {name: _page(name, context) for name in _PAGES}
    files["manifest.webmanifest"] = _web_manifest(context)
    files["assets/trust.json"] = context.root
    files["assets/examples.json"] = canonical(list(context.examples))
    files["sw.js"] = _service_worker(files, context.client, context.release.manifest.places.get("lang", ()))
    return dict(sorted(files.items()))


def site_folder() -> Path:
    """Return where templates and static files are: in the installed package, or the checkout's `site/`."""
    installed = Path(__file__).parents[1] / "site"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "site"


def safe_url(url: str) -> str:
    """Return a URL that may stand in `href`: http, https or relative. Others become the empty string."""
    compact = _BROWSERS_SKIP.sub("", url)
    scheme = _SCHEME.match(compact)
    return url if scheme is None or scheme[0].lower() in {"http:", "https:"} else ""


def _page(name: str, context: SiteContext) -> bytes:
    shown = context.release
    manifest, contents = shown.manifest, shown.contents
    page = (
        _environment()
        .get_template(f"{name}.jinja")
        .render(
            here=name,
            site={"title": context.title, "description": _DESCRIPTION},
            release=manifest,
            download=sum(file.size for file in manifest.objects),
            program=PROGRAM,
            changes=shown.changes,
            cap=CHANGES_SHOWN,
            contents=contents,
            channels=context.channels,
            taken_back=manifest.sequence in yanked_of(context.channels),
            sequence=str(manifest.sequence),
            here_on=_channels_at(context),
            same=[", ".join(keys) for keys in contents.duplicates],
            ages=ages_of(contents.documents),
            earlier=earlier_of(contents.documents, manifest.sequence),
            tree=cut_tree(tree_of(contents.documents), LISTED),
            opened=OPENED,
            listed=LISTED,
            shown=shown_fields(contents),
            roles=parse_object(context.root, "root metadata")["signed"]["roles"],
        )
    )
    return page.encode()


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2  # a build without changes renders nothing

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(site_folder() / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["say"] = _say
    environment.filters |= {
        "safe_url": safe_url,
        "count": lambda number: f"{number:,}",
        "day": _day,
        "share": lambda size, whole: round(100 * size / whole, 1) if whole else 0,
        "rollout": share_text,
        "percent": lambda size, whole: f"{100 * size / whole:.0f} %" if whole else "0 %",
        "short_path": lambda path: re.sub(r"[0-9a-f]{64}", lambda found: f"{found[0][:12]}…", path),
    }
    return environment


def _channels_at(context: SiteContext) -> str:
    """Return the channels that lead to the release, or the one that it was built for."""
    at = context.release.manifest.sequence
    names = [name for name, line in context.channels.items() if line.current.sequence == at]
    return ", ".join(names) or context.release.manifest.channel


def _say(text: str, *values: str | int, tag: str = "span") -> Markup:
    """Return a text for assets/language.mjs to translate for the visitor, and to format numbers in."""
    shown = text.format(*(f"{value:,}" if isinstance(value, int) else value for value in values))
    if not values:
        return Markup("<{0} data-say>{1}</{0}>").format(Markup(tag), shown)
    told = orjson.dumps(values).decode()
    return Markup('<{0} data-say="{1}" data-values="{2}">{3}</{0}>').format(Markup(tag), text, told, shown)


def _day(built: str) -> str:
    moment = datetime.fromisoformat(built)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _web_manifest(context: SiteContext) -> bytes:
    manifest = {
        "id": "./",
        "name": context.title,
        "short_name": context.title,
        "description": _DESCRIPTION,
        "lang": "en",
        "start_url": "index.html",
        "scope": "./",
        "display": "standalone",
        "background_color": "#fbfaf6",
        "theme_color": "#fbfaf6",
        "icons": [{"src": "icon.svg", "type": "image/svg+xml", "sizes": "any", "purpose": "any maskable"}],
    }
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2)


def _service_worker(files: Mapping[str, bytes], client: Mapping[str, str], languages: Sequence[str]) -> bytes:
    """Fill in the files that the worker keeps, by digest, so that a changed file makes a changed worker.

    Only the stemmers of the documents' languages are kept, and that of English for documents without one.
    """
    shell = {
        path: hashlib.sha256(content).hexdigest() for path, content in files.items() if path not in _NOT_FOR_THE_SHELL
    }
    stemmers = {f"{_STEMMERS}{name}.js" for name in ("base", *algorithms_of(["", *languages]))}
    modules = {
        path: digest
        for path, digest in client.items()
        if path in stemmers or (path.endswith(".mjs") and not path.startswith("client/pyodide/"))
    }
    others = {
        path: digest
        for path, digest in client.items()
        if path not in modules and not path.endswith(".d.mts") and not path.startswith(_STEMMERS)
    }
    source = files["sw.js"].decode()
    for name, value in (("SHELL", shell | modules), ("RUNTIME", others), ("PER_RELEASE", _PER_RELEASE)):
        source = _fill(source, name, value)
    return source.encode()


def _fill(source: str, name: str, value: object) -> str:
    """Replace the empty value in the line `const NAME = ...; // filled in`."""
    line = re.compile(rf"^const {name} = .*; // filled in by render\.py$", re.MULTILINE)
    filled_in = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2).decode()
    text = f"const {name} = {filled_in};"
    filled, count = line.subn(lambda _: text, source)
    if count != 1:
        raise AssertionError(f"sw.js has {count} lines to fill in for {name}")
    return filled
