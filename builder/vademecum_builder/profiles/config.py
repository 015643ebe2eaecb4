"""Configurations, read as data. Those that are programs (JavaScript, Python) are never run: simple
patterns find the values that are written out, and computed values stay unknown."""

from __future__ import annotations

import ast
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson
import yaml

from vademecum_builder.readers.front_matter import is_endless
from vademecum_builder.sources.formats.yaml_values import YAML_ERRORS, data_of_tag
from vademecum_builder.sources.gitignore import spec_of


class _Loader(yaml.SafeLoader):
    """YAML in which unknown tags (`!!python/name:`) are data: nothing is constructed or run."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:  # `no:` is a language, and `on:` a name
            if isinstance(key, yaml.ScalarNode) and key.tag == "tag:yaml.org,2002:bool":
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


def _of_environment(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """`!ENV [NAME, "default"]`, also as a key: the default. Without one, None: only the machine that builds the site
    knows the value."""
    values = loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else ()
    return values[-1] if len(values) > 1 else None


_Loader.add_constructor("!ENV", _of_environment)
_Loader.add_multi_constructor("!", data_of_tag)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", data_of_tag)


def read_yaml(text: str) -> dict[str, Any]:
    """Return the mapping in YAML or JSON; empty if it is not one."""
    if text.lstrip()[:1] == "{":  # of 5,000 lines, such as an organisation's list of pages, a YAML parser takes seconds
        with suppress(ValueError):
            return dict(orjson.loads(text))
    try:
        found = yaml.load(text, _Loader)
    except YAML_ERRORS:
        return {}
    endless = is_endless(found, len(text))  # written out, it has more values than characters
    return found if isinstance(found, dict) and not endless else {}


def read_toml(text: str) -> dict[str, Any]:
    """Return the table; empty if the text is not TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def at(config: Any, *names: str) -> Any:
    """Return the value under these names; None if there is none."""
    found = config
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def table_at(config: Any, *names: str) -> Mapping[str, Any]:
    """Return the mapping under these names; empty if there is none."""
    found = at(config, *names)
    return found if isinstance(found, Mapping) else {}


def text_at(config: Any, *names: str, default: str = "") -> str:
    """Return the text under these names."""
    found = at(config, *names)
    return found if isinstance(found, str) else default


def texts_at(config: Any, *names: str) -> list[str]:
    """Return the texts of the list under these names, or of a single text."""
    found = at(config, *names)
    return [str(item) for item in found] if isinstance(found, list) else [found] if isinstance(found, str) else []


class _Said(ast.NodeTransformer):
    """Replaces names by their values, joins texts, and leaves computed values out of a table."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found

    def visit_Name(self, node: ast.Name) -> ast.expr:
        said = self.found.get(node.id)
        return ast.Constant(said) if isinstance(said, str) else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=ast.Constant(value=str(left)), op=ast.Add(), right=ast.Constant(value=str(right))):
                return ast.Constant(left + right)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        self.generic_visit(node)
        parts = [
            part.value
            if isinstance(part, ast.FormattedValue) and part.conversion == -1 and not part.format_spec
            else part
            for part in node.values
        ]
        said = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
        return ast.Constant("".join(said)) if len(said) == len(parts) else node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        self.generic_visit(node)
        pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if _is_read(value)]
        return ast.Dict([key for key, _ in pairs], [value for _, value in pairs])


def _is_read(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def read_python(text: str) -> dict[str, Any]:
    """Return the names to which a module assigns literals, or names of literals; it is parsed, not run."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, Any] = {}
    for name, value in _assigned(body):
        try:
            found[name] = ast.literal_eval(_Said(found).visit(value))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            found.pop(name, None)
    return found


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Yield the assignments to names; of an `if`, those of its `else`, which is the usual case."""
    for line in body:
        if isinstance(line, ast.If):
            yield from _assigned(line.orelse)
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            yield line.targets[0].id, line.value


_COMMENT = re.compile(
    r"(?P<text>'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|[^`\\])*`)|/\*[\s\S]*?\*/|(?<!:)//[^\n]*"
)
_CONSTANT = re.compile(r"^[ \t]*(?:export\s+)?const\s+(\w+)\s*=\s*(['\"`])([^'\"`$\n]*)\2\s*;?[ \t]*$", re.MULTILINE)


class Script:
    """A configuration in JavaScript or TypeScript: text without comments, its constants replaced by their values."""

    def __init__(self, text: str) -> None:
        code = _COMMENT.sub(lambda match: match["text"] or "", text)
        constants = {name: value for name, _, value in _CONSTANT.findall(code)}
        quoted = {name: f'"{value}"' for name, value in constants.items()}
        code = re.sub(r"\$\{\s*(\w+)\s*\}", lambda match: constants.get(match[1], match[0]), code)
        code = re.sub(r"(?<=[\w'\"]:)(\s*)(\w+)(?=\s*[,}])", lambda m: m[1] + quoted.get(m[2], m[2]), code)
        pairs = {name: f"{name}: {value}" for name, value in quoted.items()}  # of `{name,}`
        self.code = re.sub(r"(?m)(?:^|(?<=\{))([ \t]*)(\w+)(?=,)", lambda m: m[1] + pairs.get(m[2], m[2]), code)

    def value(self, name: str, within: str | None = None) -> str | bool | None:
        """Return the text or the boolean after `name:`; "" if it is computed, None if there is none."""
        code = self.code if within is None else within
        found = re.search(
            rf"(?<![\w.$])['\"]?{name}['\"]?\s*:\s*(?:(['\"`])(?P<text>[^'\"`$]*)\1|(?P<flag>true|false)\b)?", code
        )
        if found is None:
            return None
        return found["flag"] == "true" if found["flag"] else found["text"] or ""

    def fallback(self, name: str) -> str:
        """Return the last address in what computes `name`: `env.URL || "https://…"`, `a ? b : "https://…"`."""
        found = re.search(
            rf"(?<![\w.$]){name}\s*[:=][^,;]{{0,300}}?(?:\|\||\?\?|:)\s*(['\"`])(?P<text>https?://[^'\"`$]+)\1\s*[,;\n]",
            self.code,
        )
        return found["text"] if found else ""

    def text(self, name: str, default: str = "") -> str:
        """Return the text after `name:`."""
        found = self.value(name)
        return found if isinstance(found, str) and found else default

    def objects(self, opening: str, within: str | None = None) -> Iterator[str]:
        """Yield the contents of the braces after a pattern, such as `docs:\\s*`."""
        code = self.code if within is None else within
        for match in re.finditer(rf"(?:{opening})(?:\(\s*)?\{{", code):
            depth = 0
            for place in range(match.end() - 1, len(code)):
                depth += {"{": 1, "}": -1}.get(code[place], 0)
                if not depth:
                    yield code[match.end() : place]
                    break

    def shallow(self, body: str) -> str:
        """Return an object without the objects and lists in it; what it spreads (`...name`) is added."""
        for name in re.findall(r"\.\.\.(\w+)", body):
            body += "," + next(self.objects(rf"\b{name}\s*(?::[^=\n]*)?=\s*(?:\w+\(\s*)*"), "")
        while (flat := re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", "0", body)) != body:
            body = flat
        return body

    def exported(self) -> str:
        """Return the settings of the site itself, without the options of its plugins."""
        return self.shallow(next(self.objects(r"defineConfig\w*\s*\(\s*|export default\s*"), ""))

    def first(self) -> dict[str, str]:
        """Return the language (`lang`) of pages outside the folders of languages, if the site has several: that of
        `root` (`/`) in `locales`, or of the site."""
        locales = next(self.objects(r"(?<![\w.$])locales['\"]?\s*:\s*"), "")
        for root in self.objects(r"(?<![\w.$])(?:['\"]?root['\"]?|['\"]/['\"])\s*:\s*", locales):
            said = self.value("lang", self.shallow(root)) or self.value("lang", self.exported())
            return {"lang": said} if isinstance(said, str) else {}
        return {}

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of the list after `name:`, which may be a constant or `CONSTANT.concat([…])`."""
        found = re.search(
            rf"(?<![\w.$]){name}['\"]?\s*:\s*(?:(?P<of>[A-Za-z_$][\w$]*)(?:\.concat\(\s*)?)?(?:\[(?P<own>[^\]]*)\])?",
            self.code,
        )
        if found is None:
            return ()
        named = re.search(rf"\b{re.escape(found['of'])}\b[^=\n]*=\s*\[([^\]]*)\]", self.code) if found["of"] else None
        return tuple(re.findall(r"['\"`]([^'\"`]*)['\"`]", f"{named[1] if named else ''},{found['own'] or ''}"))


def expressions(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    """Return regular expressions, without malformed ones."""
    found = []
    for pattern in patterns:
        with suppress(re.error):
            found.append(re.compile(pattern))
    return found


def spread(pattern: str) -> list[str]:
    """Return the patterns that a pattern with choices stands for: `docs/{a,b}` is `docs/a` and `docs/b`."""
    choice = re.search(r"\{([^{}]*)\}", pattern)
    if choice is None:
        return [pattern]
    before, after = pattern[: choice.start()], pattern[choice.end() :]
    return [each for one in choice[1].split(",")[:20] for each in spread(f"{before}{one.strip()}{after}")]


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a test whether a path matches one of these patterns of git; malformed ones match nothing."""
    return spec_of(patterns).match_file


def with_endings(endings: str, *names: str) -> tuple[str, ...]:
    """Return each name with each of these endings."""
    return tuple(f"{name}.{ending}" for name in names for ending in endings.split())


def scripts(*names: str) -> tuple[str, ...]:
    """Return the possible names of configurations in JavaScript or TypeScript."""
    return with_endings("js ts mjs cjs mts cts tsx", *names)


def yamls(*names: str) -> tuple[str, ...]:
    """Return the possible names of files in YAML."""
    return with_endings("yml yaml", *names)


def folder_of(path: str) -> str:
    """Return the short form of a folder in a configuration (`./docs/`, `/docs`, `.`)."""
    short = posixpath.normpath(path.strip().lstrip("/") or ".")
    return "" if short == "." else short


def upward(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, without the root."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)


_NOBODYS = re.compile(
    r"https?://(?:www\.)?(?:example\.(?:com|org|net)|localhost|0\.0\.0\.0|127\.[\d.]+)(?![\w.-])", re.IGNORECASE
)
"""Placeholders in configurations (RFC 2606), and this machine."""


def address_of(site: object, base: object = "") -> str:
    """Return where a site is served, given its domain and its path there; empty if unknown."""
    path = base.strip("/") if isinstance(base, str) else ""
    site = f"https:{site}" if isinstance(site, str) and site.startswith("//") else site
    known = site if isinstance(site, str) and site.startswith("http") and not _NOBODYS.match(site) else ""
    return known and posixpath.join(known, path, "")
