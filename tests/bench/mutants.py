"""How much do the tests notice? Plants one small fault at a time, and runs the tests that come by its line.

    python tests/bench/mutants.py --source 'client/**/*.py' --but '**/http.py' --seed 9 --out faults.jsonl -- tests/unit

What follows `--` goes to pytest; `-n0` belongs there where the tests run in several processes otherwise. A first run
finds by coverage contexts which tests reach which line; tests that fail in it are left out. Each fault is then planted
in a fork of a process that has imported all libraries, and nothing of the project: a hook hands the changed module to
whoever imports it. A fault that no test reaches counts as survived. The sources are never written to; but a fault in
code that deletes files may delete others: run it in a clone, from its root.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import json
import os
import pickle
import random
import resource
import signal
import sys
import sysconfig
import tempfile
import time
import traceback
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import coverage
import pytest

FIRST = 40
"""So many tests run at first, the cheapest; the others only where these notice nothing."""
PATIENCE, SLOWER = 20.0, 5
"""A test that takes so many seconds, and so many times as long as usual, has noticed the fault: it hangs."""
MEMORY = 8 << 30
"""What a fault may make the tests ask for, in bytes."""

PAIRS: list[tuple[type[ast.AST], type[ast.AST]]] = [
    (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn),
    (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.FloorDiv), (ast.Break, ast.Continue),
]  # fmt: skip
SWAPS: dict[type, type[ast.AST]] = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])} | {
    ast.Div: ast.Mult
}
MIN_MAX = {"min": "max", "max": "min"}


@dataclass(frozen=True)
class Fault:
    """One node of a file's tree, and what takes its place.

    `lines`: where a test must come by to notice it; empty for what runs at import, which every test may notice.
    """

    file: str
    line: int
    operator: str
    lines: range
    tree: ast.Module
    old: ast.AST
    new: ast.AST

    @property
    def change(self) -> str:
        return " -> ".join(" ".join(ast.unparse(node).split())[:90] for node in (self.old, self.new))

    def plant(self) -> CodeType:
        """Change the tree; return its code. Line numbers stay as they are."""
        with warnings.catch_warnings(action="ignore"):
            tree = ast.fix_missing_locations(_Planter(self).visit(self.tree))
            code: CodeType = compile(tree, str(Path(self.file).resolve()), "exec", dont_inherit=True)
        return code


class _Planter(ast.NodeTransformer):
    def __init__(self, fault: Fault) -> None:
        self._fault = fault

    def visit(self, node: ast.AST) -> Any:
        if node is self._fault.old:
            return ast.copy_location(self._fault.new, node)
        return self.generic_visit(node)


def changes(node: ast.AST, called: bool) -> Iterator[tuple[str, ast.AST]]:
    """What may go wrong with one node. `called`: it runs when a function is called, not at import."""
    swapped = SWAPS.get(type(getattr(node, "op", node)))
    match node:
        case ast.Compare(ops=ops):
            for index, op in enumerate(ops):
                yield "comparison", _with(node, ops=[*ops[:index], SWAPS[type(op)](), *ops[index + 1 :]])
        case ast.BoolOp() if swapped:
            yield "and/or", _with(node, op=swapped())
        case ast.BinOp() | ast.AugAssign() if swapped:
            yield "arithmetic", _with(node, op=swapped())
        case ast.UnaryOp(op=ast.Not()):
            yield "not", node.operand
        case ast.Constant(value=bool() as value):
            yield "constant", _with(node, value=not value)
        case ast.Constant(value=int() | float() as value):
            yield "constant", _with(node, value=value + 1)
        case ast.Constant(value=str() | bytes() as value) if value:
            yield "constant", _with(node, value=value[:0])
        case ast.Name(id="min" | "max" as name):
            yield "min/max", _with(node, id=MIN_MAX[name])
        case ast.Return(value=ast.expr() as result) if not _is_none(result):
            yield "return", _with(node, value=ast.Constant(None))
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.UnaryOp):
            yield "condition", _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Break() | ast.Continue() if swapped:
            yield "break/continue", swapped()
    match node:
        case ast.Raise() | ast.Assign() | ast.AugAssign() | ast.AnnAssign(value=ast.expr()) if called:
            yield "deleted", ast.Pass()
        case ast.Expr(value=ast.Call() | ast.Await(value=ast.Call())) if called:
            yield "deleted", ast.Pass()


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


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
    """All faults that can be planted in a file."""
    tree = ast.parse(Path(file).read_bytes())

    def walk(node: ast.AST, statement: ast.stmt | None, called: bool) -> Iterator[Fault]:
        if _is_for_people(node):
            return
        statement = node if isinstance(node, ast.stmt) else statement
        for operator, new in changes(node, called):
            lines = _lines(node, statement) if called else range(0)
            yield Fault(file, getattr(node, "lineno", 0), operator, lines, tree, node, new)
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases") or isinstance(node, ast.Raise):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child, statement, called or (function and name == "body"))

    yield from walk(tree, None, False)


def _lines(node: ast.AST, statement: ast.stmt | None) -> range:
    """A plain statement's lines, all of them: a folded constant has no line of its own when it runs."""
    if statement is None or node is statement or hasattr(statement, "body") or hasattr(statement, "cases"):
        first: int = getattr(node, "lineno", 0)
        last = first if hasattr(node, "body") and node is statement else getattr(node, "end_lineno", first)
        return range(first, last + 1)
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


@dataclass(frozen=True)
class Reach:
    """What the first run found.

    Attributes:
        seconds: Of each test that passes. files: Where it is.
        tests: Those that come by each line of each source.
        libraries: The modules that the tests imported, none of the project.
    """

    seconds: dict[str, float]
    files: dict[str, str]
    tests: dict[str, dict[int, list[str]]]
    libraries: list[str]

    def of(self, fault: Fault) -> list[str]:
        """The tests that may notice a fault, the cheapest first; of what runs at import those of the file first."""
        lines = self.tests.get(fault.file, {})
        near = {test for line in fault.lines or lines for test in lines.get(line, ())}
        far = () if fault.lines else self.seconds.keys() - near
        return [
            test
            for tests in (near, far)
            for test in sorted(tests, key=lambda test: (self.seconds[test], test))
        ]

    def grouped(self, tests: Sequence[str]) -> list[str]:
        """Those of one file in a row, the cheapest file first: what they share is set up once."""
        costs: defaultdict[str, float] = defaultdict(float)
        for test in tests:
            costs[self.files[test]] += self.seconds[test]
        return sorted(tests, key=lambda test: (costs[self.files[test]], self.files[test]))


class Watch:
    """A pytest plugin: runs the chosen tests in their order for some seconds, and writes down what they do."""

    def __init__(self, told: Path, chosen: Sequence[str] | None, reach: Reach, seconds: float) -> None:
        self._told = told.open("a", buffering=1)
        self._order = {test: index for index, test in enumerate(chosen)} if chosen is not None else None
        self._files = {reach.files[test] for test in chosen or ()}
        self._reach = reach
        self._end = time.monotonic() + seconds
        self._names: dict[str, str] = {}
        self._started: list[str] = []
        self._counts: Counter[str] = Counter()
        self.enter: Callable[[str], object] = str

    def tell(self, **what: Any) -> None:
        self._told.write(json.dumps(what) + "\n")

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
        return True if self._order is not None and test and str(collection_path) not in self._files else None

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """A test is known by its number of its function: the words of a parameter may differ from run to run."""
        function = item.nodeid.partition("[")[0]
        self._names[item.nodeid] = f"{function}#{self._counts[function]}"
        self._counts[function] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._order is not None:
            chosen = {
                self._order[name]: item for item in items if (name := self._names[item.nodeid]) in self._order
            }
            items[:] = [chosen[index] for index in sorted(chosen)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        name = self._names[item.nodeid]
        self.tell(test=name, file=str(item.path))
        self.enter(str(len(self._started)))
        self._started.append(name)
        if name in self._reach.seconds:
            signal.alarm(round(max(PATIENCE, SLOWER * self._reach.seconds[name])))  # ends the process
        started = time.monotonic()
        result = yield
        self.tell(took=time.monotonic() - started)
        self.enter("")
        if time.monotonic() > self._end:
            item.session.shouldstop = "out of time"
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._tell_failure(report, self._names[report.nodeid])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._tell_failure(report, report.nodeid)

    def _tell_failure(self, report: pytest.TestReport | pytest.CollectReport, name: str) -> None:
        if report.failed:
            words = str(getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longrepr))
            self.tell(failed=name, why=words.strip().partition("\n")[0][:150])


def forked(work: Callable[[Path], int]) -> tuple[list[dict[str, Any]], int, str]:
    """Do something in a process of its own; return what it told, its exit code (or -signal), and its output."""
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # some tests run as another user
        told, output = Path(folder, "told"), Path(folder, "output")
        told.touch()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            code = 70
            try:
                os.setsid()
                signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
                os.environ["TMPDIR"] = tempfile.tempdir = folder
                file = os.open(output, os.O_RDWR | os.O_CREAT)
                for stream in (0, 1, 2):
                    os.dup2(file, stream)
                code = work(told)
            except BaseException:  # noqa: BLE001 - the output is where the parent looks for it
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        try:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # what the tests have left running
        return (
            [json.loads(line) for line in told.read_text().splitlines()],
            code,
            output.read_text(errors="replace"),
        )


def run_pytest(arguments: Sequence[str], watch: Watch) -> int:
    quiet = ("-p", "no:cacheprovider", "--tb=line", "-W", "ignore::pytest.PytestAssertRewriteWarning")
    return int(pytest.main([*arguments, *quiet], plugins=[watch]))


def first_run(sources: Sequence[str], arguments: Sequence[str]) -> Reach:
    """Run all tests once, with no fault in the sources."""

    def work(told: Path) -> int:
        paths = [str(Path(file).resolve()) for file in sources]
        measured = coverage.Coverage(data_file=None, config_file=False, include=paths)
        watch = Watch(told, None, Reach({}, {}, {}, []), float("inf"))
        watch.enter = measured.switch_context
        measured.start()
        code = run_pytest(arguments, watch)
        measured.stop()
        for file, path in zip(sources, paths, strict=True):
            for line, tests in measured.get_data().contexts_by_lineno(path).items():
                watch.tell(source=file, line=line, tests=[int(test) for test in tests if test])
        watch.tell(libraries=[name for name, module in list(sys.modules.items()) if _is_library(module)])
        return code

    told, _, output = forked(work)
    if not told or "libraries" not in told[-1]:
        sys.exit(output)
    names = [line["test"] for line in told if "test" in line]
    took = [line["took"] for line in told if "took" in line]
    failed = {line["failed"]: line["why"] for line in told if "failed" in line}
    for name, why in failed.items():
        print(f"left out, for it fails as it is: {name}: {why}", file=sys.stderr)
    tests: dict[str, dict[int, list[str]]] = {file: {} for file in sources}
    for line in told:
        if "source" in line:
            found = [names[number] for number in line["tests"]]
            tests[line["source"]][line["line"]] = [name for name in found if name not in failed]
    seconds = {name: spent for name, spent in zip(names, took, strict=True) if name not in failed}
    files = {line["test"]: line["file"] for line in told if "test" in line}
    return Reach(seconds, files, tests, told[-1]["libraries"])


def _is_library(module: object) -> bool:
    file = getattr(module, "__file__", None) or ""
    return "site-packages" in file or file.startswith(sysconfig.get_path("stdlib"))


class Hook:
    """Finds the module of one file, and has it loaded with its fault."""

    def __init__(self, fault: Fault) -> None:
        self._file, self._code = Path(fault.file).resolve(), fault.plant()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.origin is None or Path(spec.origin).resolve() != self._file:
            return None
        code = self._code

        class Loader(SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                return code

        folders = spec.submodule_search_locations
        loader = Loader(name, spec.origin)
        return spec_from_file_location(name, spec.origin, loader=loader, submodule_search_locations=folders)


def judged(fault: Fault, reach: Reach, options: argparse.Namespace) -> dict[str, Any]:
    """Plant a fault and run the tests; return what became of it, by which test, and how many of them ran."""
    tests, ran = reach.of(fault), 0

    def work(told: Path, chosen: Sequence[str]) -> int:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(round(options.limit))
        if not options.control:
            sys.meta_path.insert(0, Hook(fault))
        return run_pytest([*options.pytest, "-x"], Watch(told, chosen, reach, options.limit))

    queue = [reach.grouped(tests[:FIRST]), reach.grouped(tests[FIRST:])]
    while queue:
        chosen = queue.pop(0)
        told, code, _ = forked(partial(work, chosen=chosen)) if chosen else ([], 0, "")
        ran += sum("test" in line for line in told)
        found = verdict(told, code)
        if found and (len(chosen) == 1 or found["by"] not in chosen):
            return {**found, "ran": ran, "of": len(tests)}
        if (
            found
        ):  # the test once more, alone, for on a busy machine one may fail by itself; then those behind it
            queue[:0] = [[found["by"]], chosen[chosen.index(found["by"]) + 1 :]]
    return {"result": "survived" if tests else "unreached", "ran": ran, "of": len(tests)}


def verdict(told: Sequence[dict[str, Any]], code: int) -> dict[str, str] | None:
    """Return which test noticed something, and what; or None."""
    last = next((line["test"] for line in reversed(told) if "test" in line), "import")
    for line in told:
        if "failed" in line:
            return {"result": "killed", "by": line["failed"], "why": line["why"]}
    if code == -signal.SIGALRM:
        return {"result": "timeout", "by": last}
    if code not in (0, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.NO_TESTS_COLLECTED):
        return {"result": "killed", "by": last, "why": f"exit {code}"}
    return None


def table(found: Sequence[dict[str, Any]], column: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    """How many faults were noticed, a row for each value of a column."""
    results = ("killed", "timeout", "survived", "unreached")
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for line in found:
        rows[column(line)][line["result"]] += 1
        rows["~ all"][line["result"]] += 1
    yield "".join(f"{name:>11}" for name in (*results, "all", "noticed")).rjust(106)
    for name, counts in sorted(rows.items()):
        numbers = [counts[result] for result in results]
        share = f"{(numbers[0] + numbers[1]) / sum(numbers):.1%}"
        yield f"{name:<40}" + "".join(f"{number:>11}" for number in (*numbers, sum(numbers), share))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--source", action="append", required=True, help="files to plant faults in, a glob")
    parser.add_argument("--but", action="append", default=[], help="files to leave alone, a glob")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(1 << 32), help="which faults; it is printed"
    )
    parser.add_argument("--count", type=int, default=400, help="how many faults")
    parser.add_argument(
        "--limit", type=float, default=150, help="seconds for the first tests, and for the others"
    )
    parser.add_argument("--out", type=Path, required=True, help="gets a line of JSON for each fault")
    parser.add_argument(
        "--reach", type=Path, help="gets what the first run found; or has it from an earlier time"
    )
    parser.add_argument("--control", action="store_true", help="plant nothing: then nothing may be noticed")
    parser.add_argument("pytest", nargs="+", help="after --, for pytest: paths and options")
    return parser.parse_args()


def main() -> None:
    options = parsed()
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")  # a fork has no threads but one
    wanted, left = (
        {str(file) for glob in globs for file in Path().glob(glob)} for globs in (options.source, options.but)
    )
    sources = sorted(wanted - left)
    faults = [fault for file in sources for fault in faults_of(file)]
    chosen = random.Random(options.seed).sample(faults, min(options.count, len(faults)))
    title = f"seed {options.seed}: {len(chosen)} of {len(faults)} faults in {len(sources)} files"
    print(title, file=sys.stderr)
    if options.reach and options.reach.exists():
        reach: Reach = pickle.loads(options.reach.read_bytes())
    else:
        reach = first_run(sources, options.pytest)
        if options.reach:
            options.reach.write_bytes(pickle.dumps(reach))
    tests = f"{len(reach.seconds)} tests"
    print(f"{tests}, {sum(reach.seconds.values()):.0f} s with coverage", file=sys.stderr)
    for name in reach.libraries:
        with suppress(Exception):
            importlib.import_module(name)

    found: list[dict[str, Any]] = []
    with options.out.open("w", buffering=1) as out:
        for fault in chosen:
            started = time.monotonic()
            facts = {name: getattr(fault, name) for name in ("file", "line", "operator", "change")}
            facts |= judged(fault, reach, options)
            found.append(facts | {"seconds": round(time.monotonic() - started, 1)})
            out.write(json.dumps(found[-1]) + "\n")
            shown = ("result", "seconds", "file", "line", "change", "by")
            print(len(found), *(found[-1].get(key, "") for key in shown), file=sys.stderr)
    print(f"{title}, {tests}")
    for column in (lambda line: str(Path(line["file"]).parent), lambda line: str(line["operator"])):
        print("", *table(found, column), sep="\n")


if __name__ == "__main__":
    main()
