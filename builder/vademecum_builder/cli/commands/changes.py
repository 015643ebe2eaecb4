"""`vade changes`."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from vademecum_builder.cli.wording import Shown
from vademecum_builder.cli.workspace import change_json, place_of
from vademecum_builder.sources.base import RECORD
from vademecum_builder.workspace.history import between
from vademecum_builder.workspace.items import StoredItem
from vademecum_builder.workspace.store import Workspace


def run(options: Namespace) -> Shown:
    """Print the log, or the differences between two jobs, with one JSON object per line."""
    with Workspace(place_of(options)) as workspace:
        if options.between:
            found = [
                {"key": f"{one.source}:{one.key}", "fields": one.fields, "old": _value(one.old), "new": _value(one.new)}
                for one in between(workspace, *options.between)
            ]
        else:
            found = [change_json(change) for change in workspace.changes(options.since)]
    return {"changes": found}, [json.dumps(one, ensure_ascii=False) for one in found]


def _value(stored: StoredItem | None) -> Any:
    if stored is None:
        return None
    item = stored.item
    return json.loads(item.data) if item.media_type == RECORD else item.data.decode("utf-8", "replace")
