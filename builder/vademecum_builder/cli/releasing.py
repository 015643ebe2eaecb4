"""Shared by the commands about releases: which tree they are about, and how they show their result."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime

from vademecum.errors import UsageError
from vademecum_builder.cli.environment import settings_named, signing_key, time_of_build
from vademecum_builder.cli.options.common import or_settings
from vademecum_builder.cli.wording import Shown, address_of, notice
from vademecum_builder.release.channels import Channels
from vademecum_builder.release.share import share_text
from vademecum_builder.releases import ChangeReport, TreeRequest

_FIELDS = frozenset(field.name for field in fields(TreeRequest))


def tree_request(options: Namespace) -> TreeRequest:
    """Return the tree and who signs it: the command line takes precedence over the settings.

    Raises:
        UsageError: Neither names a folder, or the settings cannot be read.
    """
    from_options = {name: value for name, value in vars(options).items() if name in _FIELDS}
    from_options["signing_key"] = signing_key(os.environ, from_options.get("keys"))
    if settings := settings_named(options.config):
        return replace(settings, **from_options)
    if "out" not in from_options:
        raise UsageError(f"which tree? name it with --out, or {or_settings()}")
    return TreeRequest(**from_options)


def decided_at(request: TreeRequest) -> datetime:
    """Return the time of a decision, which clients must accept; any time if it is forced."""
    return time_of_build(os.environ, past=request.force)


def show_decision(report: ChangeReport, done: str, request: TreeRequest) -> Shown:
    """Return what a command shows about a decision; its notices go to stderr.

    Args:
        done: The change in words, if there was one.
    """
    line = report.channels.get(request.channel)
    serves = line.current.sequence if line and line.current.sequence not in line.yanked else None
    # For the steps of a workflow that deploy and probe the tree.
    where = {"address": address_of(request.previous), "out": str(request.out), "previous": report.sequence}
    for text in report.notices:
        notice(text)
    first = done if report.changed else "Nothing to do: it is so already."
    return report.json() | {"serves": serves} | where, [first, *channel_lines(report.channels)]


def channel_lines(channels: Channels) -> Sequence[str]:
    """Return a line for each channel."""
    lines = []
    for name, line in channels.items():
        current, candidate = line.current, line.candidate
        text = f"  {name}: release {current.sequence} ({current.version})"
        text += ", taken back" if current.sequence in line.yanked else ""
        if candidate is not None:
            share = "taken back" if candidate.sequence in line.yanked else f"for {share_text(line.rollout)}"
            text += f"; candidate {candidate.sequence} ({candidate.version}), {share}"
        lines.append(text)
    return lines
