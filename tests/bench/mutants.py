"""How much do the tests notice? Plants one small fault at a time, and runs the tests that come by its line.

    python tests/bench/mutants.py --source 'client/**/*.py' --but '**/http.py' --seed 9 --out faults.jsonl -- tests/unit

What follows `--` goes to pytest. A first run finds by coverage contexts which tests reach which line, and how long each
takes; a test that fails in it ends everything. Faults are planted in a clone of what is committed, each after the one
before was taken out again. A fault that no test reaches has survived. One that lets tests take five times as long as
before was noticed: it hangs.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import coverage
import pytest

PATIENCE, SLOWER = 60.0, 5
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
        lines: Where a test must come by to notice it; empty for what runs at import, which any test of the file may.
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
class Reach:
    """A pytest plugin: which tests come by each line, and the seconds that each of them takes.

    A test is known by its function: the words of a parameter may differ from run to run.
    """

    measured: coverage.Coverage
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    failed: list[str] = field(default_factory=list)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self.measured.switch_context(item.nodeid.partition("[")[0])
        result = yield
        self.measured.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid.partition("[")[0]] += report.duration
        self.failed += [report.nodeid] if report.failed else []

    def of(self, fault: Fault) -> list[str]:
        """Return the tests that may notice a fault, the quickest first."""
        lines = self.measured.get_data().contexts_by_lineno(str(Path(fault.file).resolve()))
        found = {test for line in fault.lines or lines for test in lines.get(line, ()) if test}
        return sorted(found, key=lambda test: (self.seconds[test], test))


def first_run(sources: Sequence[str], arguments: Sequence[str]) -> Reach:
    """Run all tests once, with no fault in the sources."""
    paths = [str(Path(file).resolve()) for file in sources]
    reach = Reach(coverage.Coverage(data_file=None, config_file=False, include=paths))
    reach.measured.start()
    pytest.main([*arguments, "-p", "no:cacheprovider"], plugins=[reach])
    reach.measured.stop()
    if reach.failed or not reach.seconds:
        sys.exit(f"these fail as it is: {', '.join(reach.failed) or 'no test was found'}")
    return reach


def judged(fault: Fault, tests: Sequence[str], seconds: float, clone: Path, options: Sequence[str]) -> str:
    """Plant a fault and run the tests; return what became of it."""
    if not tests:
        return "unreached"
    place, asked = clone / fault.file, clone / "asked"
    before = place.read_bytes()
    paths = os.pathsep.join(str(clone / name) for name in ("client", "builder", "tests"))
    asked.write_text("\n".join(tests))
    try:
        place.write_text(fault.planted())
        command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *options, f"@{asked}"]
        environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(
            command, cwd=clone, env=environment, capture_output=True, timeout=PATIENCE + SLOWER * seconds
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        place.write_bytes(before)
    return "killed" if ran.returncode else "survived"


def table(found: Sequence[tuple[Fault, str]]) -> Iterator[str]:
    """Yield how many faults were noticed, a row for each folder."""
    results = ("killed", "timeout", "survived", "unreached")
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for fault, result in found:
        rows[str(Path(fault.file).parent)][result] += 1
        rows["~ all"][result] += 1
    yield "".join(f"{name:>11}" for name in (*results, "noticed")).rjust(95)
    for name, counts in sorted(rows.items()):
        share = f"{(counts['killed'] + counts['timeout']) / counts.total():.1%}"
        yield f"{name:<40}" + "".join(f"{cell:>11}" for cell in (*(counts[one] for one in results), share))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--source", action="append", required=True, help="files to plant faults in, a glob")
    parser.add_argument("--but", action="append", default=[], help="files to leave alone, a glob")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="which faults; printed")
    parser.add_argument("--count", type=int, default=400, help="how many faults")
    parser.add_argument("--out", type=Path, required=True, help="gets a line of JSON for each fault")
    parser.add_argument("pytest", nargs="+", help="after --, for pytest: paths and options")
    told = parser.parse_args()
    wanted, left = ({str(file) for glob in globs for file in Path().glob(glob)} for globs in (told.source, told.but))
    faults = [fault for file in sorted(wanted - left) for fault in faults_of(file)]
    chosen = random.Random(told.seed).sample(faults, min(told.count, len(faults)))
    print(f"seed {told.seed}: {len(chosen)} of {len(faults)} faults", file=sys.stderr)
    reach = first_run(sorted(wanted - left), told.pytest)
    options = [one for one in told.pytest if not Path(one).exists()]
    found: list[tuple[Fault, str]] = []
    with tempfile.TemporaryDirectory() as folder, told.out.open("w", buffering=1) as out:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", ".", clone], check=True)
        for fault in chosen:
            tests = reach.of(fault)
            result = judged(fault, tests, sum(reach.seconds[test] for test in tests), clone, options)
            found.append((fault, result))
            line = {"file": fault.file, "line": fault.line, "change": fault.change, "result": result}
            out.write(json.dumps(line) + "\n")
            print(len(found), result, f"{fault.file}:{fault.line}", fault.change, file=sys.stderr)
    print(*table(found), sep="\n")


if __name__ == "__main__":
    main()
