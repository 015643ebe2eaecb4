"""JavaScript modules, bundled: what a page loads is one file, and a worker one more, not one for each module.

Modules stand in it one behind another, each behind those that it imports, without a word of their imports and exports:
what stands at the top of one has a name that no other module beside it has. What is asked for later
(`import("./page/preview.mjs")`) is a file of its own, and has what it shares from the one that asks for it. A new line
begins where nothing else ends a statement, and constants are declared by the shorter word. It reads our own modules
alone: names are exported where they are declared, once, and there are no circles (tests/unit/js/test_floors.py).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping

from rjsmin import jsmin

PAGE, ELEMENT, QUERY, SYNC = "vademecum.mjs", "vademecum-search.mjs", "query.mjs", "worker.mjs"
_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.[^"]+)";\n', re.MULTILINE)
_LATER = re.compile(r'(?<=\bimport\(")\.[^"]+(?="\))')
_FILE = re.compile(r'(?<=new URL\(")\.[^"]+(?=", import\.meta\.url\))')
_HERE = re.compile(r"(?<!, )import\.meta\.url")
_EXPORT = re.compile(r"^export (?=(?:async function|function\*?|class|const) (\w+))", re.MULTILINE)
_ENDS = re.compile(r";(?=\})|(?<=\})\n")
"""What ends a statement before or behind a brace that ends a block; other statements of ours that end with one have a
semicolon."""
_CONSTANT = re.compile(r"(?:^|(?<=[;{}(\n ]))const(?=[ \[{])")
"""The first word of a declaration. Nothing assigns to what it declares: the types of our modules are checked."""

Modules = Mapping[str, str]
"""Path below `client/` -> text, without comments."""


def bundled(modules: Modules) -> dict[str, str]:
    """Return other texts under the same paths: what pages and workers begin with holds all that it imports.

    What a page's file holds can still be imported where it was. It is the same there where another file takes any of it
    (an error is told by its class); else it lies there as it is written, as does what workers alone use. Both workers
    begin with what the page has loaded.
    """
    page, element = closure(PAGE, modules), closure(ELEMENT, modules)
    taken = {name for other in modules.keys() - {*page} for name in _taken(other, modules)}
    told = [name for name in element if name not in page or not taken.isdisjoint(_EXPORT.findall(modules[name]))]
    files = {**modules, **_family(PAGE, modules, told=told)}
    files |= _family(ELEMENT, modules, page, told=told)
    for name in {*told} - {PAGE, ELEMENT}:
        names = ", ".join(_EXPORT.findall(modules[name]))
        holders = [PAGE] if name in page else [ELEMENT, PAGE]
        imports = "".join(f'import "{_address(file, name)}";\n' for file in holders[:-1])
        imports += f'import {{ $shared }} from "{_address(PAGE, name)}";\n'
        files[name] = f"{imports}export const {{ {names} }} = $shared;\n"
    return {**files, **_family(QUERY, modules, page), **_family(SYNC, modules, page)}


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


def _family(entry: str, modules: Modules, held: Collection[str] = (), told: Collection[str] = ()) -> dict[str, str]:
    """Return the file that one begins with, and those that it asks for later, unless these stand alone.

    Args:
        held: What other files hold that are there before.
        told: Modules of which all is shared, whether a later file takes it or not.
    """
    inside = [name for name in closure(entry, modules) if name not in held]
    asked = [later for name in inside for later in _asked_for(name, modules)]
    laters = [later for later in asked if later.endswith(".mjs") and _imported(later, modules)]
    files: dict[str, str] = {}
    for later in laters:
        files |= _family(later, modules, {*held, *inside})
    below = {name for later in laters for name in closure(later, modules)} - {*inside}
    taken = {name for module in below for name in _taken(module, modules)}
    shared = [
        name for module in inside[:-1] for name in _EXPORT.findall(modules[module]) if module in told or name in taken
    ]
    files[entry] = _file(entry, inside, shared, modules)
    return files


def _file(entry: str, inside: list[str], shared: list[str], modules: Modules) -> str:
    outside = sorted({name for module in inside for name in _taken(module, modules, inside)})
    parts = []
    if entry != PAGE:
        parts.append(f'import {{ $shared }} from "{_address(PAGE, entry)}";\n')
    if outside:
        parts.append(f"const {{ {', '.join(outside)} }} = $shared;\n")
    parts += [_EXPORT.sub("", _moved(name, entry, modules)) for name in inside[:-1]]
    if entry == PAGE:
        parts.append(f"export const $shared = {{ {', '.join(shared)} }};\n")
    elif shared:
        parts.append(f"Object.assign($shared, {{ {', '.join(shared)} }});\n")
    text = "".join([*parts, _moved(entry, entry, modules)])
    # Imports hold for all of a file, wherever they stand, and are found by their lines.
    imports = "".join(found[0] for found in _IMPORT.finditer(text))
    return f"{imports}{_CONSTANT.sub('let', _ENDS.sub('', jsmin(_IMPORT.sub('', text))))}\n"


def _taken(module: str, modules: Modules, inside: Collection[str] = ()) -> list[str]:
    """Return the names that a module has from others than these, and than the file that pages begin with."""
    found = (
        (names, target)
        for names, path in _IMPORT.findall(modules[module])
        if (target := _target(path, module)) != PAGE and target not in inside
    )
    return [name.split(" as ")[0].strip() for names, _ in found for name in names.split(",") if name.strip()]


def _moved(name: str, entry: str, modules: Modules) -> str:
    """Return a module's text as it stands in another file, whose imports and addresses are as seen from there."""

    def take(found: re.Match[str]) -> str:
        names, target = found[1], _target(found[2], name)
        if target == PAGE:
            return f'import {{{names}}} from "{_address(target, entry)}";\n'
        return "".join(f"const {new} = {old};\n" for old, new in re.findall(r"(\w+) as (\w+)", names or ""))

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
