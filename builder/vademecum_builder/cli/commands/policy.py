"""`vade policy`."""

from __future__ import annotations

from argparse import Namespace

from vademecum.errors import UsageError
from vademecum.knowledge import KnowledgeBase
from vademecum.policy import CHOICES, check_choices
from vademecum_builder.cli.wording import Shown, policy_lines


def run(options: Namespace) -> Shown:
    """Store the user's choices about releases for a local store, and show those in effect."""
    chosen = {name: getattr(options, field) for name, field in CHOICES.items() if hasattr(options, field)}
    check_choices(chosen)  # before anything is written, so that all choices or none are stored
    with KnowledgeBase.open(options.store) as knowledge:
        channel = chosen.get("channel")
        published = knowledge.status()["channels"] if channel and options.store.exists() else []
        if published and channel not in published:
            raise UsageError(f"there is no channel {channel}; the published channels are: {', '.join(published)}")
        if hasattr(options, "pin"):
            knowledge.pin(options.pin)
        if hasattr(options, "skip"):
            knowledge.skip(options.skip)
        if chosen:
            knowledge.set_policy(**chosen)
        status = knowledge.status()
    told = {name: status[name] for name in ("policy", "pinned", "refused", "channels", "latest")}
    return told, policy_lines(status)
