"""Snowball's stemmers for browsers: those of the installed `snowballstemmer`, from Python to JavaScript.

Snowball's compiler writes both languages, but only the Python is published on PyPI. It uses a small part of that
language, which is translated node by node below; anything else ends the build. So both sides stem by one version of one
source. This takes a tenth of a small build's time: for versions that are pinned here, the result is kept in the cache
and hashed before each use, like the runtime.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import distribution, version
from importlib.resources import files
from pathlib import Path

import orjson

from vademecum.errors import UsageError
from vademecum.format.json import canonical
from vademecum.search.stems import LANGUAGES

_NOTICE = "/* Snowball, https://snowballstem.org: BSD 3-clause, see COPYING.txt beside. */\n"
_IMPORT = 'import { Among, BaseStemmer } from "./base.js";\n'
_WRITTEN = "Eq === NotEq !== Lt < LtE <= Gt > GtE >= Is === Add + Sub - RShift >> Not ! USub - And && Or ||".split()
_OPERATORS: Mapping[str, str] = dict(zip(_WRITTEN[::2], _WRITTEN[1::2], strict=True))
_PINS: Mapping[str, str] = {"3.1.1": "3666bcb1e3cd03e04e4b04893a56f2b3f64f56f12da6885c4ba54a8d760b4813"}
"""SHA-256 of the encoded files (`encode`), by version of Snowball."""


def kept_stemmers(cache: Path) -> Mapping[str, bytes]:
    """Return `stemmers()`, from this folder if they are kept there; otherwise keep them there if possible.

    Errors: see `stemmers`.
    """
    pin = _PINS.get(version("snowballstemmer"), "")
    kept = cache / f"stemmers-{pin[:16]}.json"
    with contextlib.suppress(OSError):
        data = kept.read_bytes()
        if hashlib.sha256(data).hexdigest() == pin:
            return {name: text.encode() for name, text in orjson.loads(data).items()}
    made = stemmers()
    data = encode(made)
    if hashlib.sha256(data).hexdigest() == pin:
        with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as folder:
            fresh = Path(folder) / kept.name
            fresh.write_bytes(data)
            fresh.replace(kept)
    return made


def encode(made: Mapping[str, bytes]) -> bytes:
    """Return the files as one text, the same for the same files."""
    return canonical({name: text.decode() for name, text in made.items()})


@cache
def stemmers() -> Mapping[str, bytes]:
    """Return the files of `stemmers/`: a module for each language that words are stemmed in, and the licence.

    Raises:
        UsageError: The installed `snowballstemmer` has code that is not known here.
    """
    licences = [path for path in distribution("snowballstemmer").files or () if path.name == "COPYING"]
    shared = [_statement(node) for name in ("among", "basestemmer") for node in _classes(name)]
    modules = {"base.js": "".join(f"export {text}" for text in shared)}
    for name in sorted(set(LANGUAGES.values())):
        (stemmer,) = (node for node in _classes(f"{name}_stemmer") if not node.name.startswith("lab"))
        modules[f"{name}.js"] = f"{_IMPORT}export default {_statement(stemmer)}"
    found = {f"{path.name}.txt": path.read_binary() for path in licences}
    return found | {name: (_NOTICE + text).encode() for name, text in modules.items()}


def _classes(module: str) -> Iterator[ast.ClassDef]:
    source = files("snowballstemmer").joinpath(f"{module}.py").read_text(encoding="utf-8")
    return (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all statements in it: far fewer than the expressions that `ast.walk` visits."""
    yield node
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for part in getattr(node, name, ()):
            yield from statements(part)


def _set_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign([ast.Name(name)]) | ast.AugAssign(ast.Name(name)) | ast.For(ast.Name(name)):
            yield name


def _statement(node: ast.stmt) -> str:
    match node:
        case ast.ClassDef():
            base = "".join(f" extends {_value(base)}" for base in node.bases)
            return f"class {node.name}{base} {{\n{''.join(map(_member, node.body))}}}\n"
        case ast.If(test, body, orelse):
            return f"if ({_value(test)}) {_block(body)}" + (f"else {_block(orelse)}" if orelse else "")
        case ast.While(test, body):
            return f"while ({_value(test)}) {_block(body)}"
        case ast.For(ast.Name(name), ast.Call(ast.Name("range"), [start, stop]), body):
            return f"for ({name} = {_value(start)}; {name} < {_value(stop)}; {name}++) {_block(body)}"
        case ast.For(ast.Name(name), ast.Call(ast.Name("range"), [start, stop, _]), body):
            return f"for ({name} = {_value(start)}; {name} > {_value(stop)}; {name}--) {_block(body)}"
        case ast.For(ast.Name(name), ast.Tuple() as each, body):
            return f"for ({name} of {_value(each)}) {_block(body)}"
        case ast.Try(body, [ast.ExceptHandler(ast.Name(label), body=[ast.Pass()])]):
            return f"{label}: {_block(body)}"
        case ast.Raise(ast.Call(ast.Name(label))):
            return f"break {label};\n"
        case ast.Break() | ast.Continue():
            return f"{ast.unparse(node)};\n"
        case ast.Return(value):
            return f"return {_value(value) if value else ''};\n"
        case ast.Assign([target], value):
            return f"{_value(target)} = {_value(value)};\n"
        case ast.AugAssign(target, operator, value):
            return f"{_value(target)} {_OPERATORS[type(operator).__name__]}= {_value(value)};\n"
        case ast.Expr(ast.Constant(str())) | ast.Assert():
            return ""
        case ast.Expr(value):
            return f"{_value(value)};\n"
    raise _unknown(node)


def _member(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef("stemWords"):  # for lists: never called
            return ""
        case ast.FunctionDef(name, ast.arguments(args=args, defaults=defaults), body):
            given = [arg.arg for arg in args[1:]]
            for index, value in enumerate(reversed(defaults), 1):
                given[-index] += f" = {_value(value)}"
            local = {name for part in body for each in statements(part) for name in _set_by(each)}
            declared = f"let {', '.join(sorted(local))};\n" if local else ""
            called = "constructor" if name == "__init__" else name
            return f"{called}({', '.join(given)}) {{\n{declared}{''.join(map(_statement, body))}}}\n"
        case ast.Assign([ast.Name(name)]):  # tables belong to the class, other names to `self`
            return f"{'static ' if name.startswith(('a_', 'as_', 'g_')) else ''}{_statement(node)}"
    return _statement(node)


def _block(body: list[ast.stmt]) -> str:
    return f"{{\n{''.join(map(_statement, body))}}}\n"


def _value(node: ast.expr) -> str:
    match node:
        case ast.Constant(value):
            return json.dumps(value, ensure_ascii=False)
        case ast.Name("self"):
            return "this"
        case ast.Name(name):  # a method in a table
            return f"(it) => it.{name}()" if name.startswith("__") else name
        case ast.Attribute(value, name):
            return f"{_value(value)}.{name}"
        case ast.List(parts) | ast.Tuple(parts):
            return f"[{', '.join(map(_value, parts))}]"
        case ast.Set(parts):  # of characters
            return json.dumps("".join(str(ast.literal_eval(part)) for part in parts), ensure_ascii=False)
        case ast.Call(ast.Name("len"), [value]):
            return f"{_value(value)}.length"
        case ast.Call(ast.Name("ord"), [value]):
            return f"{_value(value)}.charCodeAt()"
        case ast.Call(ast.Attribute(value, "startswith" | "endswith" as name), [text, start, stop]):
            part = f"{_value(value)}.slice({_value(start)}, {_value(stop)})"
            return f"{part}.{name.replace('with', 'With')}({_value(text)})"
        case ast.Call(function, given):
            called = {"min": "Math.min", "Among": "new Among"}.get(_value(function), _value(function))
            return f"{called}({', '.join(map(_value, given))})"
        case ast.Compare(value, [ast.In()], [where]):
            return f"{_value(where)}.includes({_value(value)})"
        case ast.Compare(value, [ast.NotIn()], [where]):
            return f"!{_value(where)}.includes({_value(value)})"
        case ast.Compare(value, [operator], [other]):
            return f"{_value(value)} {_OPERATORS[type(operator).__name__]} {_value(other)}"
        case ast.BoolOp(operator, values):
            return f"({f' {_OPERATORS[type(operator).__name__]} '.join(map(_value, values))})"
        case ast.BinOp(value, operator, other):
            return f"({_value(value)} {_OPERATORS[type(operator).__name__]} {_value(other)})"
        case ast.UnaryOp(operator, value):
            return f"{_OPERATORS[type(operator).__name__]}({_value(value)})"
        case ast.Subscript(value, ast.Slice(start, stop)):
            return f"{_value(value)}.slice({', '.join(_value(part) for part in (start, stop) if part)})"
        case ast.Subscript(value, index):
            return f"{_value(value)}[{_value(index)}]"
    raise _unknown(node)


def _unknown(node: ast.AST) -> UsageError:
    return UsageError(
        f"snowballstemmer {version('snowballstemmer')}: stemmers for browsers cannot be made of it, since it has"
        f" `{ast.unparse(node)}`: install an older one, such as 3.1.1"
    )
