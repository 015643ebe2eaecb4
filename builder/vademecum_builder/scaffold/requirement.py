"""The requirements of a workflow: the same vademecum that set up the repository."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from urllib.request import url2pathname

import orjson

from vademecum.version import __version__
from vademecum_builder.encoders.transformer import PREFIX
from vademecum_builder.request import BuildRequest
from vademecum_builder.scaffold.candidates import is_below
from vademecum_builder.scaffold.findings import WRONG, Finding
from vademecum_builder.scaffold.repository import Repository, git
from vademecum_builder.sources.endings import EXTRAS, media_type

REQUIREMENTS_FILE = ".github/vademecum-requirements.txt"

_TEXT = "# What the action installs, with what reads these documents.\n{}\n"
_BY_COMMIT = """\
# What the action installs: vademecum as it was when `vade init` ran, by its commit, as it came from no package index.
# When it has been released there, name its version: {}=={}
{}
"""
_EXTRAS = re.compile(r"^\s*vademecum\s*\[\s*([^\]]+?)\s*\]", re.MULTILINE)
_OF_EXTRA = re.compile(r"([\w.-]+)[^;]*; *extra == ['\"](?P<extra>[\w-]+)['\"]")
"""A requirement in an installed distribution's metadata (core metadata, `Requires-Dist`)."""
_KINDS = frozenset({"feed", "files", "sql"})
"""Kinds of sources with an extra of the same name."""


def extras_of(
    known: Repository, sources: Collection[str], encoder: str, request: BuildRequest | None
) -> tuple[str, ...]:
    """Return the extras that a build needs besides `build`, sorted.

    Args:
        sources: Folders of documents, relative to the repository's top.
        request: The settings with the encoder, if there are any.
    """
    names = (name for name in known.files if any(is_below(name, source) for source in sources))
    found = {EXTRAS.get(media_type(name) or "", "") for name in names}
    settings = request.sources if request else ()
    found |= _KINDS & {one.kind for one in settings}
    found |= {"sql" for one in settings if one.kind == "messages" and "url" in one.values}
    found |= {"models"} if ((request and request.encoder) or encoder).startswith(PREFIX) else set()
    return tuple(sorted(found - {""}))


def missing(extras: Collection[str]) -> tuple[str, ...]:
    """Return the extras that are not completely installed here."""
    listed = (_OF_EXTRA.match(one) for one in requires("vademecum") or ())
    return tuple(
        sorted({found["extra"] for found in listed if found and found["extra"] in extras and _lacks(found[1])})
    )


def _lacks(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return True
    return False


def requirements(extras: Collection[str]) -> str:
    """Return the text of the requirements file.

    Empty if vademecum was installed from a package index without extras, since the workflow then names its version.
    Also empty if others cannot reach where it was installed from (`unreached`).
    """
    named, came = _named(extras), _origin()
    if came is None:
        return _TEXT.format(f"{named}=={__version__}") if extras else ""
    place = requirement(came)
    return _BY_COMMIT.format(named, __version__, f"{named} @ {place}") if place else ""


def unreached(extras: Collection[str]) -> str:
    """Return the line that the publisher has to complete, since others cannot reach where vademecum was installed from.

    Empty if they can, or if it was installed from a package index.
    """
    came = _origin()
    lacks = came is not None and not requirement(came)
    return f"{_named(extras)} @ git+https://HOST/REPOSITORY@COMMIT" if lacks else ""


def check_requirements(known: Repository, extras: Collection[str]) -> Iterator[Finding]:
    """Check that a workflow installs all that a build needs."""
    file = known.top / REQUIREMENTS_FILE
    said = _EXTRAS.search(file.read_text("utf-8", "replace")) if file.is_file() else None
    line = unreached(extras) or f"{_named(extras)}=={__version__}"
    named = re.split(r"[\s,]+", said[1]) if said else ()
    if (not said and unreached(extras)) or not {*extras} <= {*named}:
        yield Finding(REQUIREMENTS_FILE, WRONG, f"{REQUIREMENTS_FILE}: the build needs the line `{line}`")


def _named(extras: Collection[str]) -> str:
    return f"vademecum[{','.join(('build', *extras))}]"


def _origin() -> dict[str, dict[str, str] | str] | None:
    recorded = distribution("vademecum").read_text("direct_url.json")
    return None if recorded is None else orjson.loads(recorded)


def requirement(came: dict[str, dict[str, str] | str]) -> str:
    """Return the address to give to pip for the same installation; empty if others cannot reach it.

    Args:
        came: `direct_url.json`, as in the packaging specification "Recording the Direct URL Origin".
    """
    url, version_control = str(came["url"]), came.get("vcs_info")
    if isinstance(version_control, dict):
        return _of_git(url, version_control["commit_id"])
    if "dir_info" in came:
        folder = Path(url2pathname(url.removeprefix("file://")))
        if not folder.is_dir():
            return ""
        remote = git(folder, "remote", "get-url", "origin") or ""
        # Only commits that the remote has can be installed from there.
        pushed = git(folder, "branch", "--remotes", "--contains", "HEAD")
        return _of_git(remote, git(folder, "rev-parse", "HEAD") or "") if pushed else ""
    return url if url.startswith("https://") else ""


def _of_git(remote: str, commit: str) -> str:
    """Return an address with a commit; for an address that only its owner can use (SSH), the public one."""
    ssh = re.fullmatch(r"(?:ssh://)?(?:[^@/]*@)?([\w.-]+\.\w+)(?::\d+/|[:/])(.+)", remote)
    address = f"https://{ssh[1]}/{ssh[2]}" if ssh and "://" not in remote.removeprefix("ssh://") else remote
    address = re.sub(r"(?<=://)[^/]*@", "", address)
    return f"git+{address}@{commit}" if address.startswith("https://") and commit else ""
