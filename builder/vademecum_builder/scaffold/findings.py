"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, LOOK, WRONG = "good", "look", "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: What: `vademecum.toml`, a workflow's file, `root.json`, `keys`, `secret`, `site`.
        state: `good`; `look`: a person should look, all goes on; `wrong`: it is missing, or it does not work.
        message: What was found, where, and what to do.
    """

    about: str
    state: str
    message: str
