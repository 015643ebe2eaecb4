"""How much do the tests notice? Plants one small fault at a time, and runs the tests that come by its file.

    python tests/bench/mutants.py --source 'client/**/*.py' --but '**/http.py' --seed 9 --out folder -- tests/unit

What follows `--` goes to pytest. A first run finds by coverage contexts which tests come by which line, and how many
CPU seconds each takes; those that fail in it are left out. Faults are planted in clones of what is committed, and the
tests run in a fork of a process that has imported all libraries, and nothing of the project: those that come by the
line before the others of its file, for not every line that runs is seen (after an exception in a generator, say), and
some run but once, as at import. A fault has survived that none of them notices, in --limit CPU seconds. One that lets
a test take five times as long as before was noticed: it hangs. What is found is written as it comes, and not asked
again of the same commit.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import coverage
import pytest

PATIENCE, SLOWER, WAITING = 10, 5, 20
"""A test hangs after so many CPU seconds and so many times its own; or after so many times that by the clock."""
FIRST = 40
"""So many tests are tried first: those whose place is most like the fault's, and the quickest of them."""
MEMORY = 6 << 30
"""What a fault may make the tests ask for, in bytes."""
FORK = multiprocessing.get_context("fork")

PAIRS: list[tuple[type[ast.AST], type[ast.AST]]] = [
    (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn),
    (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.FloorDiv), (ast.Break, ast.Continue),
]  # fmt: skip
SWAPS: dict[type, type[ast.AST]] = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
SWAPS[ast.Div] = ast.Mult
MIN_MAX = {"min": "max", "max": "min"}


@dataclass(frozen=True)
class Fault:
    """One node of a file, and what takes its place.

    Attributes:
        lines: Where tests come by that are likely to notice it; none of what runs at import.
        number: Of the file's faults.
    """

    file: str
    line: int
    lines: range
    change: str
    number: int = 0

    def planted(self) -> str:
        """Return the file with the fault."""
        tree = ast.parse(Path(self.file).read_bytes())
        for number, _ in enumerate(faults_in(tree, self.file)):
            if number == self.number:
                break
        return ast.unparse(tree)


def changes(node: ast.AST, called: bool) -> Iterator[ast.AST]:
    """Yield what may go wrong with one node. `called`: it runs when a function is called, not at import."""
    swapped = SWAPS.get(type(getattr(node, "op", node)))
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                yield _with(node, ops=[*ops[:at], SWAPS[type(op)](), *ops[at + 1 :]])
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign() if swapped:
            yield _with(node, op=swapped())
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant(value=bool() as value):
            yield _with(node, value=not value)
        case ast.Constant(value=int() | float() as value):
            yield _with(node, value=value + 1)
        case ast.Constant(value=str() | bytes() as value) if value:
            yield _with(node, value=value[:0])
        case ast.Name(id="min" | "max" as name):
            yield _with(node, id=MIN_MAX[name])
        case ast.Return(value=ast.expr() as result) if ast.unparse(result) != "None":
            yield _with(node, value=ast.Constant(None))
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.UnaryOp):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Break() | ast.Continue() if swapped:
            yield swapped()
    match node:
        case ast.Raise() | ast.Assign() | ast.AugAssign() | ast.AnnAssign(value=ast.expr()) if called:
            yield ast.Pass()
        case ast.Expr(value=ast.Call() | ast.Await(value=ast.Call())) if called:
            yield ast.Pass()


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _is_for_people(node: ast.AST) -> bool:
    """Docstrings, messages, logging, types, and imports for types: a fault in these measures nothing."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.Subscript(value=ast.Name(id="Literal")):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="logger" | "log")))):
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name.endswith("Error") or name in ("cast", "TypeVar", "NewType")
    return False


def faults_of(file: str) -> Iterator[Fault]:
    """Return all faults that can be planted in a file."""
    found = faults_in(ast.parse(Path(file).read_bytes()), file)
    return (replace(fault, number=number) for number, fault in enumerate(found))


def faults_in(tree: ast.Module, file: str) -> Iterator[Fault]:
    """Yield all faults of a tree; as long as one of them is looked at, the tree has it."""

    def walk(holder: Any, slot: Any, node: ast.AST, called: bool) -> Iterator[Fault]:
        """Yield those of a node, which its holder has in a slot: in a field, or at a place of a list."""
        if _is_for_people(node):
            return
        first = getattr(node, "lineno", 0)
        last = first if hasattr(node, "body") else getattr(node, "end_lineno", first)
        for new in changes(node, called):
            told = " -> ".join(" ".join(ast.unparse(one).split())[:90] for one in (node, new))
            _put(holder, slot, new)
            yield Fault(file, first, range(first, last + 1) if called else range(0), told)
            _put(holder, slot, node)
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases") or isinstance(node, ast.Raise):
                continue
            within = called or (function and name == "body")
            places = enumerate(value) if isinstance(value, list) else [(name, value)]
            for place, child in places:
                if isinstance(child, ast.AST):
                    yield from walk(value if isinstance(value, list) else node, place, child, within)

    for at, statement in enumerate(tree.body):
        yield from walk(tree.body, at, statement, False)


def _put(holder: Any, slot: Any, node: ast.AST) -> None:
    if isinstance(holder, list):
        holder[slot] = node
    else:
        setattr(holder, slot, node)


@dataclass(eq=False)  # plugins are kept in sets
class Measure:
    """A pytest plugin: which tests come by each line, and the CPU seconds that each of them takes.

    A test is known by its function: the words of a parameter may differ from run to run.

    Attributes:
        share: Of the files with tests, from which on, and every how many.
    """

    sources: Sequence[str]
    out: str
    share: slice
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    failed: set[str] = field(default_factory=set)

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        paths = [str(Path(file).resolve()) for file in self.sources]
        self.measured = coverage.Coverage(self.out, config_file=False, include=paths)
        self.measured.set_option("run:relative_files", True)
        self.measured.start()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        files = sorted({item.path for item in items})[self.share]
        items[:] = [item for item in items if item.path in files]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before = sum(os.times()[:4])
        self.measured.switch_context(_name(item.nodeid))
        result = yield
        self.seconds[_name(item.nodeid)] += sum(os.times()[:4]) - before
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= {_name(report.nodeid)} if report.failed else set()

    def pytest_sessionfinish(self) -> None:
        self.measured.stop()
        self.measured.save()
        places = ("site-packages", sysconfig.get_path("stdlib"))
        files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
        libraries = {name: file for name, file in files.items() if any(place in file for place in places)}
        found = {"seconds": self.seconds, "failed": dict.fromkeys(self.failed), "libraries": libraries}
        Path(f"{self.out}.json").write_text(json.dumps(found))


@dataclass(eq=False)
class Chosen:
    """A pytest plugin: these tests, in this order, and the CPU seconds that each may take."""

    tests: dict[str, float]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = {test: place for place, test in enumerate(self.tests)}
        items[:] = [item for item in items if _name(item.nodeid) in places]
        items.sort(key=lambda item: places[_name(item.nodeid)])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        seconds = self.tests[_name(item.nodeid)]
        resource.setrlimit(resource.RLIMIT_CPU, (round(time.process_time() + seconds), resource.RLIM_INFINITY))
        signal.alarm(round(WAITING * seconds))


def _name(test: str) -> str:
    return test.partition("[")[0]


def _file(test: str) -> str:
    return test.partition("::")[0]


@dataclass(frozen=True)
class Clones:
    """Copies of what is committed, in each of which one process at a time runs pytest."""

    free: SimpleQueue[Path]
    arguments: Sequence[str]

    @classmethod
    def made(cls, folder: Path, count: int, arguments: Sequence[str]) -> Clones:
        clones = cls(SimpleQueue(), arguments)
        folder.chmod(0o755)  # some tests run as another user
        for clone in (folder / str(number) for number in range(count)):
            subprocess.run(["git", "clone", "--quiet", ".", clone], check=True)
            for found in Path("tests").glob("*/js/node_modules"):
                (clone / found).symlink_to(found.resolve())
            clones.free.put(clone)
        return clones

    def run(self, plugin: object, files: Sequence[str] = (), fault: Fault | None = None) -> tuple[int, str]:
        """Run pytest, with a fault; return its exit code, or minus the signal that ended it, and its output."""
        options = [one for one in self.arguments if not (files and Path(one).exists())]
        clone = self.free.get()
        if fault:
            (clone / fault.file).write_text(fault.planted())
            os.utime(clone / fault.file, (fault.number, fault.number))  # no bytecode of another one is as old
        with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
            process = FORK.Process(target=_run, args=(clone, Path(folder), [*options, *files], plugin))
            process.start()
            while process.exitcode is None:  # another thread may have been told first that it ended
                process.join()
            with suppress(ProcessLookupError):
                os.killpg(process.pid or 0, signal.SIGKILL)  # what the tests have left running
        output = clone.with_suffix(".log").read_text(errors="replace")
        if fault:
            shutil.copyfile(fault.file, clone / fault.file)
        self.free.put(clone)
        return process.exitcode, output


def _run(clone: Path, folder: Path, arguments: Sequence[str], plugin: object) -> None:
    os.setsid()
    folder.chmod(0o755)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with clone.with_suffix(".log").open("w") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    os.chdir(clone)
    sys.path[0:1] = [str(clone / name) for name in ("client", "builder", "tests")]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each fork compiles all
    os.environ |= {"PYTHONPATH": os.pathsep.join(sys.path[:3]), "TMPDIR": str(folder)}
    tempfile.tempdir, sys.dont_write_bytecode = str(folder), False
    quiet = ("-p", "no:cacheprovider", "--tb=line", "-W", "ignore::pytest.PytestAssertRewriteWarning")
    code = pytest.main([*arguments, *quiet], plugins=[plugin])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # at its end a fork of a pool's thread would join that thread, which it is, and fail


@dataclass(frozen=True)
class Reach:
    """What the first run found: the CPU seconds of each test, and the lines that it comes by."""

    seconds: dict[str, float]
    lines: coverage.CoverageData

    @classmethod
    def found(cls, clones: Clones, sources: Sequence[str], jobs: int, out: Path) -> Reach:
        """Run all tests with no fault in the sources, if they have not, and import their libraries."""
        parts = [f"{out}.{number}" for number in range(jobs)]
        if not all(Path(f"{part}.json").exists() for part in parts):
            with ThreadPoolExecutor(jobs) as pool:
                shares = (Measure(sources, part, slice(number, None, jobs)) for number, part in enumerate(parts))
                list(pool.map(clones.run, shares))
        lines, merged = coverage.CoverageData(no_disk=True), defaultdict[str, dict[str, Any]](dict)
        for part in parts:
            (data := coverage.CoverageData(part)).read()
            lines.update(data)
            for name, value in json.loads(Path(f"{part}.json").read_text()).items():
                merged[name] |= value
        print("left out, for they fail as it is:", *merged["failed"], sep="\n  ", file=sys.stderr)
        with warnings.catch_warnings(action="ignore"):
            for name in merged["libraries"]:
                with suppress(ImportError):
                    import_module(name)
        return cls({test: n for test, n in merged["seconds"].items() if test not in merged["failed"]}, lines)

    def of(self, fault: Fault, limit: float) -> list[list[str]]:
        """Return the tests that may notice a fault: those to try first, and the others."""
        lines = self.lines.contexts_by_lineno(fault.file)
        near = {test for line in fault.lines for test in lines.get(line, ())}
        of_file = {test for tests in lines.values() for test in tests} & self.seconds.keys()
        words = set(Path(fault.file).with_suffix("").parts)

        def far(test: str) -> tuple[bool, int, float, str]:
            like = words & set(_file(test).removesuffix(".py").replace("test_", "").split("/"))
            return test not in near, -len(like), self.seconds[test], test

        tests = sorted(of_file or self.seconds, key=far)  # a file of tables may have no line of its own
        tests = tests[: bisect(list(accumulate(self.seconds[test] for test in tests)), limit)]
        parts = [part for part in (tests[:FIRST], tests[FIRST:]) if part]
        files = [list(map(_file, part)) for part in parts]  # those of a file in a row: what they share is set up once
        return [sorted(part, key=lambda test: of.index(_file(test))) for part, of in zip(parts, files, strict=True)]


def judged(fault: Fault, reach: Reach, clones: Clones, limit: float) -> dict[str, Any]:
    """Plant a fault and run the tests; return what became of it."""
    result, by, parts = "survived", "", reach.of(fault, limit)
    for tests in parts:
        most = {test: PATIENCE + SLOWER * reach.seconds[test] for test in tests}
        code, output = clones.run(Chosen(most), list(dict.fromkeys(map(_file, tests))), fault)
        result = {0: "survived", -signal.SIGXCPU: "timeout", -signal.SIGALRM: "timeout"}.get(code, "killed")
        if code:
            by = next((line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))), output[-200:])
            break
    told = {"file": fault.file, "number": fault.number, "line": fault.line, "change": fault.change}
    return told | {"result": result, "tests": sum(map(len, parts)), "by": by}


def table(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield how many faults were noticed, a row for each folder."""
    results = ("killed", "timeout", "survived")
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        for row in (str(Path(one["file"]).parent), "~ all"):
            rows[row][one["result"]] += 1
    yield "".join(f"{name:>11}" for name in (*results, "noticed")).rjust(84)
    for row, counts in sorted(rows.items()):
        share = f"{(counts['killed'] + counts['timeout']) / counts.total():.1%}"
        yield f"{row:<40}" + "".join(f"{cell:>11}" for cell in (*(counts[one] for one in results), share))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--source", action="append", required=True, help="files to plant faults in, a glob")
    parser.add_argument("--but", action="append", default=[], help="files to leave alone, a glob")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="which faults; printed")
    parser.add_argument("--count", type=int, default=400, help="how many faults")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes test at once")
    parser.add_argument("--limit", type=float, default=30, help="CPU seconds of tests for each fault")
    parser.add_argument("--out", type=Path, required=True, help="folder; KEY-SEED.jsonl gets a line for each fault")
    parser.add_argument("pytest", nargs="+", help="after --, for pytest: paths and options")
    told = parser.parse_args()
    wanted, but = ({str(file) for glob in globs for file in Path().glob(glob)} for globs in (told.source, told.but))
    sources = sorted(wanted - but)
    faults = [fault for file in sources for fault in faults_of(file)]
    chosen = random.Random(told.seed).sample(faults, min(told.count, len(faults)))
    print(f"seed {told.seed}: {len(chosen)} of {len(faults)} faults", file=sys.stderr)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, check=True).stdout
    key = hashlib.sha256(commit + repr([sources, told.pytest]).encode()).hexdigest()[:12]
    told.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(told.jobs) as pool,
        (told.out / f"{key}-{told.seed}.jsonl").open("a+", buffering=1) as out,
    ):
        clones = Clones.made(Path(folder), told.jobs, told.pytest)
        reach = Reach.found(clones, sources, told.jobs, told.out.resolve() / key)
        out.seek(0)
        found = [json.loads(line) for line in out]
        known = {(one["file"], one["number"]) for one in found}
        left = [fault for fault in chosen if (fault.file, fault.number) not in known]
        for ended in as_completed([pool.submit(judged, fault, reach, clones, told.limit) for fault in left]):
            found.append(one := ended.result())
            out.write(json.dumps(one) + "\n")
            print(len(found), one["result"], f"{one['file']}:{one['line']}", one["change"], file=sys.stderr)
    print(*table(found), sep="\n")


if __name__ == "__main__":
    main()
