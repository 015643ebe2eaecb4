"""`vade checkpoints`."""

from __future__ import annotations

from argparse import Namespace

from vademecum_builder.cli.wording import Shown
from vademecum_builder.cli.workspace import place_of
from vademecum_builder.workspace.store import View, Workspace


def run(options: Namespace) -> Shown:
    """List the position up to which each view was read."""
    with Workspace(place_of(options)) as workspace:
        views = workspace.views()
    return {"checkpoints": [_json(one) for one in views]}, [_line(one) for one in views]


def _json(view: View) -> dict[str, object]:
    point = view.checkpoint
    where = {"strategy": point and point.strategy, "position": point and point.position}
    return {"source": view.source, "view": view.view, **where, "job": view.job}


def _line(view: View) -> str:
    name = f"{view.source}/{view.view}" if view.view else view.source
    point = view.checkpoint
    where = f"{point.strategy} {point.position[:100]}" if point else "none: all of it is read and compared"
    return f"{name:<24} job {view.job:<5} {where}"
