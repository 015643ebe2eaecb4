"""JavaScript modules, bundled: what a page loads is one file, and a worker one more, not one for each module.

The modules follow each other in it, each after those that it imports, without their imports and exports: top-level
names are unique among all modules in a file. What is imported later (`import("./page/preview.mjs")`) is a file of its
own, and imports what it shares from the file that asks for it. A line break only stays where nothing else ends a
statement, and constants are declared with the shorter `let`. It only reads our own modules: names are exported where
they are declared, once, and there are no circles (tests/unit/js/test_floors.py).
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
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function\*?|class|const) (\w+))", re.MULTILINE)
_ENDS = re.compile(r";(?=\})|(?<=\})\n")
"""What ends a statement before or behind a brace that ends a block; other statements of ours that end with one have a
semicolon."""
_CONSTANT = re.compile(r"(?:^|(?<=[;{}(\n ]))const(?=[ \[{])")
"""The first word of a declaration. Nothing assigns to a constant: our modules are type-checked."""

Modules = Mapping[str, str]
"""Path below `client/` -> text, without comments."""


def bundled(modules: Modules) -> dict[str, str]:
    """Return the bundled modules under the same paths: the files that pages and workers begin with contain all that
    they import.

    A module within a page's file can still be imported from its own path. If another file imports it, that path
    re-exports the very same values (an error is recognised by its class); otherwise it has the module as written, as do
    modules that only workers use. Both workers begin with what the page has loaded.
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
    """Return the paths that pages and workers load: those they begin with, then what these import later."""
    found: set[str] = set()
    waiting = [PAGE, ELEMENT, QUERY, SYNC]
    while waiting:
        if (name := waiting.pop()) in files and name not in found:
            found.add(name)
            waiting += [*_imported(name, files), *_asked_for(name, files)]
    return found


def closure(name: str, modules: Modules) -> list[str]:
    """Return a module after all that it imports, each of these after its own imports."""
    found: dict[str, None] = {}
    for below in _imported(name, modules):
        found |= dict.fromkeys(closure(below, modules))
    return [*found, name]


def _family(entry: str, modules: Modules, held: Collection[str] = (), told: Collection[str] = ()) -> dict[str, str]:
    """Return the first file of a page or worker, and those that it imports later, unless these stand alone.

    Args:
        held: What files that are loaded earlier contain.
        told: Modules whose names are all shared, whether a later file uses them or not.
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
    # Imports are valid in the whole file, wherever they are, and are found by line.
    imports = "".join(found[0] for found in _IMPORT.finditer(text))
    return f"{imports}{_CONSTANT.sub('let', _ENDS.sub('', jsmin(_IMPORT.sub('', text))))}\n"


def _taken(module: str, modules: Modules, inside: Collection[str] = ()) -> list[str]:
    """Return the names that a module imports from elsewhere than these modules and the first file of a page."""
    found = (
        (names, target)
        for names, path in _IMPORT.findall(modules[module])
        if (target := _target(path, module)) != PAGE and target not in inside
    )
    return [name.split(" as ")[0].strip() for names, _ in found for name in names.split(",") if name.strip()]


def _moved(name: str, entry: str, modules: Modules) -> str:
    """Return a module's text for another file, with imports and addresses relative to that file."""

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
