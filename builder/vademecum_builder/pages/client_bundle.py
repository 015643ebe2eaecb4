"""The files of `client/` in the published tree: the shim, the Python core, and the Pyodide runtime.

A browser gets everything from the knowledge base's own host.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import orjson

import vademecum
from vademecum.format.json import canonical
from vademecum_builder.pages.bundle import bundled, loaded
from vademecum_builder.pages.stemmers import kept_stemmers, statements

# A browser runs the core and its own runtime. The public face, ranking (numpy), httpx and SQLite stay behind:
# the shim has its own of these.
_RUNTIME = frozenset(f"runtime/{name}.py" for name in ("__init__", "browser", "clock"))
_NOT_CORE = ("arguments.py", "doctor.py", "installation.py", "integrations/", "knowledge.py", "runtime/", "search/")
_UNUSED = (
    # HTTP and urllib3: a browser uses fetch. Without `__init__` the folder is a namespace package.
    *("tuf/ngclient/__init__.py", "tuf/ngclient/fetcher.py", "tuf/ngclient/requests_fetcher.py"),
    *("tuf/ngclient/updater.py", "tuf/ngclient/urllib3_fetcher.py", "tuf/ngclient/_internal/proxy.py"),
    "tuf/repository/",
)
_CODECS = """
    __init__ aliases ascii base64_codec charmap cp1252 cp437 hex_codec idna iso8859_1 latin_1 punycode
    raw_unicode_escape undefined unicode_escape utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le utf_7 utf_8
    utf_8_sig zlib_codec"""
_UNUSED_PYTHON = """
    __hello__ __phello__ _aix_support _android_support _apple_support _ios_support _osx_support _pydatetime _pyio
    _pyrepl antigravity argparse bdb cProfile cmd code colorsys compileall configparser csv ctypes curses dbm difflib
    doctest ensurepip filecmp fileinput ftplib getopt getpass gettext graphlib html http idlelib imaplib lib2to3
    mailbox mailcap mimetypes modulefinder multiprocessing netrc nturl2path optparse pdb pickletools plistlib poplib
    profile pstats pty py_compile pyclbr pydoc pydoc_data rlcompleter runpy sched shelve smtplib socketserver sqlite3
    statistics symtable tabnanny tarfile this timeit tkinter tomllib trace tty turtle turtledemo unittest uuid venv wave
    webbrowser wsgiref xml xmlrpc zipapp zoneinfo"""
"""Modules of Python that no browser imports, found from `sys.modules` after a synchronisation, and from imports within
functions. Modules that may be needed after an error stay: traceback, pickle, codecs."""
_TEXT = rb"/\*\*(?:(?!\*/).)*\*/"
_COMMENT = re.compile(rb"^ *(?:%b|//[^\n]*)\n|%b ?|(?<=[;{]) // [^\n]*" % (_TEXT, _TEXT), re.MULTILINE | re.DOTALL)
# Texts of several lines in our modules are words and styles.
_SET_IN = re.compile(rb"^\s+", re.MULTILINE)
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def client_files(runtime: Path, *, bundle: bool = True) -> Mapping[str, Path | bytes]:
    """Return all of `client/`: path in the published tree -> content, or a file with it.

    Our own modules lose what only people read, a third of their bytes.

    Args:
        runtime: What `fetch_runtime` returned, in the folder where it is cached.
        bundle: Whether the files that pages and workers begin with contain what they import. The npm package leaves
            that to the bundlers of apps, which drop what these do not use.
    """
    package = Path(vademecum.__file__).parent
    files: dict[str, Path | bytes] = {"vademecum.zip": _zip_core(package)}
    modules: dict[str, str] = {}
    for path in (package / "js").rglob("*.*"):
        name = path.relative_to(package / "js").as_posix()
        if name.endswith(".mjs"):
            modules[name] = condensed(path.read_bytes()).decode()
        elif name.endswith(".d.mts"):
            files[name] = path
    files |= {f"search/stemmers/{name}": text for name, text in kept_stemmers(runtime.parent).items()}
    files |= {name: text.encode() for name, text in (bundled(modules) if bundle else modules).items()}
    for wheel in sorted((runtime / "wheels").iterdir()):
        files[f"wheels/{'-'.join(wheel.name.split('-')[:2])}.zip"] = _slim(wheel, _is_used_of_wheel)
    for path in sorted((runtime / "pyodide").iterdir()):
        files[f"pyodide/{path.name}"] = _PARTS[path.name](path) if path.name in _PARTS else path
    archives = [name for name in files if name.endswith(".zip") and not name.startswith("pyodide/")]
    fetched = [name for name in files if name in archives or name.endswith((".wasm", "python_stdlib.zip", "lock.json"))]
    size = sum(_size(files[name]) for name in fetched)
    files["runtime.json"] = canonical({"bytes": size, "pyodide": "pyodide/", "python": archives})
    return {f"client/{name}": files[name] for name in sorted(files)}


def condensed(module: bytes) -> bytes:
    """Return one of our modules without what only people read: comments, empty lines, and indentation.

    >>> condensed(b"{\\n\\n  const a = 1; // one\\n  const b = 'https://example.org';\\n}\\n")
    b"{\\nconst a = 1;\\nconst b = 'https://example.org';\\n}\\n"
    """
    return _SET_IN.sub(b"", _COMMENT.sub(b"", module))


def digests(files: Mapping[str, Path | bytes]) -> Mapping[str, str]:
    """Return the SHA-256 of each file that pages load: what `render_site` needs to know of the client."""
    modules = {
        path.removeprefix("client/"): content.decode()
        for path, content in files.items()
        if path.endswith(".mjs") and isinstance(content, bytes)
    }
    others = modules.keys() - loaded(modules)
    return {
        path: hashlib.sha256(content if isinstance(content, bytes) else content.read_bytes()).hexdigest()
        for path, content in files.items()
        if path.removeprefix("client/") not in others
    }


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _zip_core(package: Path) -> bytes:
    sources = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    return _zip(
        {
            f"vademecum/{name}": _without_docstrings(path.read_bytes())
            for name, path in sources.items()
            if name in _RUNTIME or not name.startswith(_NOT_CORE)
        }
    )


@cache  # a service builds many sites
def _without_docstrings(source: bytes) -> bytes:
    module = ast.parse(source)
    for node in statements(module):
        match node:
            case (
                ast.Module(body)
                | ast.ClassDef(body=body)
                | ast.FunctionDef(body=body)
                | ast.AsyncFunctionDef(body=body)
            ):
                node.body = [part for part in body if not _is_text(part)] or [ast.Pass()]
    return ast.unparse(module).encode()


def _is_text(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
    return False


def _slim(path: Path, is_used: Callable[[str], bool]) -> bytes:
    """Return an archive without folders and unused files."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and is_used(name)]
        return _zip({name: archive.read(name) for name in names})


def _is_used_of_wheel(name: str) -> bool:
    """Test data are 9/10 of securesystemslib; licences are kept."""
    return not (name.endswith("/RECORD") or "/test_data/" in name or name.startswith(_UNUSED))


def _is_used_of_python(name: str) -> bool:
    top, _, rest = name.partition("/")
    if top == "encodings":
        return rest.removesuffix(".py") in _CODECS.split()
    return top.removesuffix(".py") not in _UNUSED_PYTHON.split()


def _without_packages(path: Path) -> bytes:
    """Return Pyodide's lock file without its packages: none is loaded."""
    lock = orjson.loads(path.read_bytes())
    return canonical({"info": lock["info"], "packages": {}})


_PARTS = {"python_stdlib.zip": lambda path: _slim(path, _is_used_of_python), "pyodide-lock.json": _without_packages}


def _zip(files: Mapping[str, bytes]) -> bytes:
    """The same files give the same bytes: sorted, one time, one mode, one system."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            # 9 takes half as long again, for a thousandth of the bytes.
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, compresslevel=8)
    return buffer.getvalue()
