"""The texts of the other files that a repository gets."""

from __future__ import annotations

import json
from collections.abc import Sequence

SETTINGS_FILE = "vademecum.toml"
ROOT_FILE = "root.json"
GITIGNORE = ".gitignore"


def settings(
    *, source: str, title: str, address: str, base_url: str, encoder: str, channel: str, out: str, whole: bool
) -> str:
    """Return `vademecum.toml`; `base_url` may be empty: the configuration of a generator or the pages say it."""
    lines = [
        "# What `vade build` builds, from what and for where: made by `vade init`.",
        f"title = {_text(title)}",
        f"address = {_text(address)}   # where it is published: each build goes on from what lies there",
        f"out = {_text(out)}",
        *(["whole = true   # the pages around it are deployed with it, each time"] if whole else []),
        f"root = {_text(ROOT_FILE)}   # public: what apps trust; its keys are elsewhere",
        f"encoder = {_text(encoder)}   # builtin, or sentence-transformers:MODEL",
        f"channel = {_text(channel)}",
        "",
        "[[source]]",
        f"path = {_text(source)}",
        f"base-url = {_text(base_url)}   # where these documents are served: hits lead there"
        if base_url
        else '# base-url = "https://..."   # where these documents are served: hits lead there',
        "",
        "[limits]",
        "# packs = 1000000   # most bytes that small updates may take on the host (default: twice the index)",
    ]
    return "\n".join(lines) + "\n"


def gitignore(before: str, lines: Sequence[str]) -> str:
    """Return `.gitignore` with lines added at its end."""
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    return f"{before}{gap}# vademecum: keys and what is built\n" + "".join(f"{line}\n" for line in lines)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
