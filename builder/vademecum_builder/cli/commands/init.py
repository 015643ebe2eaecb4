"""`vade init`."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from vademecum.errors import CancelledError
from vademecum_builder.cli.environment import time_of_build
from vademecum_builder.cli.wording import Shown
from vademecum_builder.scaffold.check import check_setup
from vademecum_builder.scaffold.choices import Wishes
from vademecum_builder.scaffold.findings import WRONG, Finding
from vademecum_builder.scaffold.plan import SetupPlan, plan_setup, write_plan

_STATES = {"new": "write", "added": "add to", "kept": "keep"}


def run(options: Namespace) -> Shown:
    """Set up a repository; on a terminal, ask before anything is written."""
    if options.check:
        return _checked(check_setup(Path(), time_of_build(os.environ)))
    asks = sys.stdin.isatty() and not (options.yes or options.json)
    wishes = Wishes(options.source, options.address, options.encoder, options.channel)
    plan = plan_setup(Path(), wishes, _ask if asks else lambda _, taken: taken)
    told = asdict(plan) | {"top": str(plan.top), "written": False}
    if options.dry_run:
        texts = (f"\n--- {file.path}\n{(file.added or file.text).strip()}" for file in plan.files if file.text)
        return told, [*_planned(plan), *texts]
    if asks:
        print("\n".join(_planned(plan)), file=sys.stderr)
        if _ask("Do this?", "yes")[:1].lower() not in ("y", "j"):
            raise CancelledError("nothing was written")
    write_plan(plan, time_of_build(os.environ))
    written = bool(plan.keys) or any(file.text for file in plan.files)
    return told | {"written": written}, [*([] if asks else _planned(plan)), *_next(plan)]


def _checked(found: Sequence[Finding]) -> Shown:
    """Report what is missing or wrong, in which case the exit code is 1."""
    wrong = sum(finding.state == WRONG for finding in found)
    end = f"{wrong} of {len(found)} are missing or wrong" if wrong else "Nothing is missing"
    return {"sound": not wrong, "findings": [asdict(finding) for finding in found]}, [
        *(f"{finding.state:<5}  {finding.message}" for finding in found),
        end,
    ]


def _ask(question: str, taken: str) -> str:
    print(f"{question}{f' [{taken}]' if taken else ''}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or taken


def _planned(plan: SetupPlan) -> list[str]:
    keys = [f"  make keys in {plan.keys}"] if plan.keys else []
    files = [f"  {_STATES[file.state]} {file.path}" for file in plan.files]
    notes = [f"  note: {note}" for note in plan.notes]
    to = f"published at {plan.address}" if plan.address else f"built into {plan.out}"
    return [f"{plan.source}, {to}", *notes, *files, *keys]


def _next(plan: SetupPlan) -> list[str]:
    if not plan.steps:
        return ["All of it is there; `vade init --check` asks what else may be missing."]
    told = [
        f"  {number}. {step.why}" + (f":\n     {step.command}" if step.command else "")
        for number, step in enumerate(plan.steps, 1)
    ]
    first = "" if any((plan.top / plan.out).parent.glob("*")) else "render your pages, then "
    tree = Path(plan.out)
    site = tree if tree.parent == Path() else tree.parent  # around the tree lie pages that search in it
    return [
        "Next:",
        *told,
        f"To try it on this machine first: {first}vade build --preview && vade serve {shlex.quote(site.as_posix())}",
    ]
