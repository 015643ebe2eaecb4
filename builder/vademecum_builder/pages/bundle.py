"""JavaScript modules, bundled: what a page or a worker loads is one file, not one for each module.

Each module is a function that returns what it exports, behind those that it imports. What is asked for later
(`import("./page/preview.mjs")`) is a file of its own, and has what it shares from the one that asks for it. It reads
our own modules alone: names are exported where they are declared, and there are no circles
(tests/unit/js/test_floors.py).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping

PAGE, ELEMENT, QUERY, SYNC = "vademecum.mjs", "vademecum-search.mjs", "query.mjs", "worker.mjs"
_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.[^"]+)";\n', re.MULTILINE)
_LATER = re.compile(r'(?<=\bimport\(")\.[^"]+(?="\))')
_FILE = re.compile(r'(?<=new URL\(")\.[^"]+(?=", import\.meta\.url\))')
_HERE = re.compile(r"(?<!, )import\.meta\.url")
_EXPORT = re.compile(r"^export (?=(?:async function|function\*?|class|const) (\w+))", re.MULTILINE)

Modules = Mapping[str, str]
"""Path below `client/` -> text, without comments."""


def bundled(modules: Modules) -> dict[str, str]:
    """Return other texts under the same paths: what pages and workers begin with holds all that it imports.

    What a page's file holds can still be imported where it was, and is the same there. What workers alone use stays
    there as it is, for others. The worker that answers is on the way to the first hits and needs one file; the other
    begins with what the page has loaded anyhow.
    """
    files = {**modules, **_family(PAGE, PAGE, modules)}
    page = closure(PAGE, modules)
    files |= _family(ELEMENT, PAGE, modules, page)
    for name in {*page, *closure(ELEMENT, modules)} - {PAGE, ELEMENT}:
        names = ", ".join(_EXPORT.findall(modules[name]))
        holders = [PAGE] if name in page else [ELEMENT, PAGE]
        imports = "".join(f'import "{_address(file, name)}";\n' for file in holders[:-1])
        imports += f'import {{ $modules }} from "{_address(PAGE, name)}";\n'
        files[name] = f'{imports}export const {{ {names} }} = $modules["{name}"];\n'
    return {**files, **_family(QUERY, QUERY, modules), **_family(SYNC, PAGE, modules, page)}


def loaded(files: Modules) -> set[str]:
    """Return the paths that pages and workers load: first those they begin with, then what these ask for."""
    found: set[str] = set()
    waiting = [PAGE, ELEMENT, QUERY, SYNC]
    while waiting:
        if (name := waiting.pop()) in files and name not in found:
            found.add(name)
            waiting += [*_imported(name, files), *_asked_for(name, files)]
    return found


def closure(name: str, modules: Modules) -> list[str]:
    """Return a module behind all that it imports, each of these behind what it imports itself."""
    found: dict[str, None] = {}
    for below in _imported(name, modules):
        found |= dict.fromkeys(closure(below, modules))
    return [*found, name]


def _family(entry: str, root: str, modules: Modules, held: Collection[str] = ()) -> dict[str, str]:
    """Return the file that one begins with, and those that it asks for later, unless these stand alone.

    Args:
        root: The file whose `$modules` all of them fill.
        held: What other files hold that are there before.
    """
    inside = [name for name in closure(entry, modules) if name not in held]
    files = {entry: _file(entry, root, inside[:-1], modules)}
    for name in inside:
        for later in _asked_for(name, modules):
            if later.endswith(".mjs") and _imported(later, modules):
                files |= _family(later, root, modules, {*held, *inside})
    return files


def _file(entry: str, root: str, inside: list[str], modules: Modules) -> str:
    shared = (
        f'import {{ $modules }} from "{_address(root, entry)}";\n' if entry != root else "export const $modules = {};\n"
    )
    parts = [f'$modules["{name}"] = (() => {{\n{_part(name, entry, modules)}}})();\n' for name in inside]
    return "".join([shared, *parts, _moved(entry, entry, modules)])


def _part(name: str, entry: str, modules: Modules) -> str:
    """Return a module as the body of a function."""
    text = _moved(name, entry, modules)
    return f"{_EXPORT.sub('', text)}return {{ {', '.join(_EXPORT.findall(text))} }};\n"


def _moved(name: str, entry: str, modules: Modules) -> str:
    """Return a module's text as it stands in another file, whose imports and addresses are as seen from there."""

    def take(found: re.Match[str]) -> str:
        names, target = found[1], _target(found[2], name)
        if target == PAGE:
            return f'import {{{names}}} from "{_address(target, entry)}";\n'
        return f'const {{{names.replace(" as ", ": ")}}} = $modules["{target}"];\n' if names else ""

    def seen(found: re.Match[str]) -> str:
        return _address(_target(found[0], name), entry)

    text = _FILE.sub(seen, _LATER.sub(seen, _IMPORT.sub(take, modules[name])))
    if name != entry:  # where it was, but only if the file lies where it was published
        text = _HERE.sub(lambda _: rf'import.meta.url.replace(/\/{re.escape(entry)}([?#].*)?$/, "/{name}")', text)
    return text


def _imported(name: str, modules: Modules) -> list[str]:
    return [_target(path, name) for _, path in _IMPORT.findall(modules[name])]


def _asked_for(name: str, modules: Modules) -> list[str]:
    return [_target(path, name) for path in _LATER.findall(modules[name])]


def _target(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _address(name: str, seen_from: str) -> str:
    path = posixpath.relpath(name, posixpath.dirname(seen_from) or ".")
    return path if path.startswith(".") else f"./{path}"
