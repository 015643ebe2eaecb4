"""The findings of a check."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, LOOK, WRONG = "good", "look", "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        about: What: `vademecum.toml`, a workflow's file, `root.json`, `keys`, `secret`, `site`.
        state: `good`; `look`: it works, but a person should look at it; `wrong`: it is missing, or does not work.
        message: What was found, where, and what to do.
    """

    about: str
    state: str
    message: str
