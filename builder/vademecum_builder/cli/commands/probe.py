"""`vade probe`."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vademecum.errors import EmptyStoreError, SelfTestError, UsageError, VademecumError, counted
from vademecum.knowledge import KnowledgeBase
from vademecum.policy import Policy
from vademecum_builder.cli.wording import Shown, size
from vademecum_builder.release.verify import require_arrived

_PAUSE = 5.0
"""Seconds between two attempts."""
_ASKED = 20


def run(options: Namespace) -> Shown:
    """Do what users do (install, update from an earlier release, search) until it works, or time is up."""
    location, trust, policy = options.location, options.trust, Policy()
    if location is None:
        from vademecum_builder.settings import read_settings  # with an address, the builder is not needed

        settings = read_settings(options.config)
        location, trust = settings.previous, trust or settings.root
        policy = Policy(channel=settings.channel)
    if location is None:
        raise UsageError(f"where is it published? name the address, or write `address` into {options.config}")
    started = time.monotonic()
    deadline = started + options.wait
    with TemporaryDirectory() as folder:
        user = KnowledgeBase.open(Path(folder, "new.db"), url=location, trust=trust, policy=policy)
        installed = _follow(user, location, options.expect, deadline)
    updated = None
    if options.store is not None:
        options.store.parent.mkdir(parents=True, exist_ok=True)
        user = KnowledgeBase.open(options.store, url=location, trust=trust, policy=policy)
        updated = _follow(user, location, options.expect, deadline)
    result = {
        "sequence": installed["sequence"],
        "version": installed["version"],
        "address": location,
        "installed": installed,
        "updated": updated,
        "seconds": round(time.monotonic() - started, 3),
    }
    return result, [
        f"Good: {location} serves release {installed['sequence']} ({installed['version']})",
        _line(installed),
        *([_line(updated)] if updated and updated["from"] is not None else []),
    ]


def _follow(user: KnowledgeBase, location: str, expect: int, deadline: float) -> dict[str, Any]:
    """Update a user's store, with as many attempts as needed, and search it; return what it took.

    Raises:
        VademecumError: The last failure.
    """
    with user as knowledge:
        while True:
            try:
                outcome = knowledge.update()
                if not outcome.to_sequence:
                    raise EmptyStoreError(
                        f"{location} has no release for a new user: that of the channel was taken back, or waits for "
                        f"`vade promote`; `vade releases {location}` lists them"
                    )
                require_arrived(location, outcome.to_sequence, expect)
                return {
                    "sequence": outcome.to_sequence,
                    "version": outcome.version,
                    "found": _findable_title(knowledge),
                    **outcome.json(),
                }
            except VademecumError:
                # Half of a deployment may have arrived: a cache expires one file after the other.
                left = deadline - time.monotonic()
                if left <= 0:
                    raise
                time.sleep(min(_PAUSE, left))


def _findable_title(knowledge: KnowledgeBase) -> str:
    """Return a title by which search finds its document, empty without documents; else raise SelfTestError."""
    titles = [entry.title for entry in knowledge.documents() if entry.title.strip()][:_ASKED]
    found = next((title for title in titles if knowledge.search(title, limit=1)), "")
    if titles and not found:
        raise SelfTestError(f"search finds none of {len(titles)} documents by its title, such as {titles[0]!r}")
    return found


def _line(what: Mapping[str, Any]) -> str:
    who = "a new user" if what["from"] is None else f"a user of release {what['from']}"
    searched = f"; search finds {what['found']!r}" if what["found"] else ""
    return f"  {who}: {what['plan']}, {counted(what['requests'], 'requests')}, {size(what['bytes'])}{searched}"
