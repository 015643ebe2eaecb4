"""`vade cdc`."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from vademecum.errors import UsageError
from vademecum_builder.cli.wording import Shown, size
from vademecum_builder.kinds.sql import captured, table_source
from vademecum_builder.settings import read_settings

if TYPE_CHECKING:
    from vademecum_builder.sources.databases.capture import Triggers
    from vademecum_builder.sources.databases.slot import Slot


def run(options: Namespace) -> Shown:
    """Show the SQL that begins or ends the capture of a table's changes, and run it with `--yes`; or show its state."""
    capture = _captured(options)
    told = {"source": options.source}
    if options.action == "status":
        status = capture.status()
        return {**told, **status}, [_state(options.source, status)]
    if options.action == "install" and capture.status()["installed"]:
        return {**told, "sql": [], "done": False}, [f"{options.source}: it is there: `vade cdc status` says more."]
    statements = capture.install() if options.action == "install" else capture.remove()
    if options.yes:
        from vademecum_builder.sources.databases.capture import run_statements

        run_statements(capture.table, statements)
    lines = [f"{statement};" for statement in statements]
    lines += [f"Done: {capture.table.name}." if options.yes else "Nothing was run: --yes runs this."]
    return {**told, "sql": [*statements], "done": options.yes}, lines


def _captured(options: Namespace) -> Triggers | Slot:
    named = {source.name: source for source in read_settings(options.config).sources}
    settings = named.get(options.source)
    if settings is None or settings.kind != "sql":
        there = ", ".join(name for name, source in named.items() if source.kind == "sql") or "none"
        raise UsageError(f"{options.config}: there is no source {options.source!r} of kind sql; there is {there}")
    capture = captured(settings, table_source(settings))
    if capture is None:
        raise UsageError(f'{settings.where}: write capture = "triggers" (or "slot", in PostgreSQL) first')
    return capture


def _state(name: str, status: dict[str, bool | int]) -> str:
    if not status["installed"]:
        return f"{name}: nothing captures its changes: vade cdc install {name}"
    if "kept" in status:
        return f"{name}: the server keeps {size(status['kept'])} of its log for the slot, until it is read"
    return f"{name}: triggers are there; {status['changed']} ids have changed since"
