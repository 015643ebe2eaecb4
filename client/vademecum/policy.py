"""What is done unasked about a release: one value for all that was decided before, and one function that goes by it.

The app has its own defaults, and the user of a store may choose otherwise; the choices lie in the store
(store/records.py). js/update/policy.mjs is the twin: both pass the same table of cases. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from vademecum.errors import UsageError

Mode = Literal["automatic", "notify", "manual", "off"]
Over = Literal["any", "unmetered", "wifi"]
Activation = Literal["now", "next-start"]
What = Literal["install", "notify", "wait"]


@dataclass(frozen=True)
class Connection:
    """What is known of the network, in the words of the Network Information API; where nobody knows, nothing."""

    save_data: bool = False
    effective_type: str = ""
    type: str = ""


UNKNOWN = Connection()


@dataclass(frozen=True)
class Offered:
    """A release that could be installed.

    Attributes:
        documents: How many documents differ from the installed ones; None: nobody knows.
        critical: Its publisher, or that of a release between, says that it must not wait for others.
    """

    sequence: int
    documents: int | None = None
    critical: bool = False


@dataclass(frozen=True)
class Policy:
    """What is done unasked. `update()` asks nobody but for `pinned` and `skipped`.

    Attributes:
        mode: `automatic` installs; `notify` tells, and waits for `update()`; `manual` waits without a word; `off` does
            not even ask the host.
        channel: The line of releases to follow.
        connection: Over which one is downloaded: `any`; `unmetered`: not where data are saved, nor over 2g; `wifi`:
            only where it is known to be Wi-Fi or a cable.
        max_update_bytes: The most bytes that one run downloads; the next one goes on. None: no limit.
        least_documents: A release that changes fewer documents waits for more of them, unless it is critical.
        activation: `now`, or `next-start`: who has opened the store goes on with the release that it has read.
        pinned: The release to stay at, or None.
        skipped: Releases that are not wanted.
    """

    mode: Mode = "automatic"
    channel: str = "stable"
    connection: Over = "unmetered"
    max_update_bytes: int | None = None
    least_documents: int = 0
    activation: Activation = "now"
    pinned: int | None = None
    skipped: tuple[int, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return what may be chosen, by its names in JSON; `pinned` and `refused` stand beside it in `status()`."""
        return {name: getattr(self, field) for name, field in CHOICES.items()}

    def chosen(self, choices: Mapping[str, Any]) -> Policy:
        """Return the policy with these choices, which `check_choices` has let pass."""
        return replace(self, **{CHOICES[name]: value for name, value in choices.items() if value is not None})


@dataclass(frozen=True)
class Decision:
    """What is to be done; `reason` says what it waits for: `refused`, `pinned`, `off`, `manual`, `insignificant` or
    `connection`; else empty."""

    what: What
    reason: str = ""


CHOICES: Mapping[str, str] = {
    "mode": "mode",
    "channel": "channel",
    "connection": "connection",
    "maxUpdateBytes": "max_update_bytes",
    "leastDocuments": "least_documents",
    "activation": "activation",
}
"""What a user may choose: the name in JSON, and the field."""

_ALLOWED: Mapping[str, tuple[object, ...]] = {
    "mode": get_args(Mode),
    "connection": get_args(Over),
    "activation": get_args(Activation),
}


def fault(name: str, value: object) -> str:
    """Return what is wrong with a choice; empty: nothing. None gives it back to the app."""
    if name not in CHOICES:
        return f"there is no choice {name!r}; there are {', '.join(CHOICES)}"
    allowed = _ALLOWED.get(name)
    if value is None or (allowed is not None and value in allowed):
        return ""
    if allowed is not None:
        return f"{name} must be one of {', '.join(map(str, allowed))}, not {value!r}"
    if name == "channel":
        fits = isinstance(value, str) and 0 < len(value) <= 100
        return "" if fits else f"channel must be the name of a channel, not {value!r}"
    return "" if type(value) is int and 0 <= value <= 2**53 else f"{name} must be a number from 0, not {value!r}"


def check_choices(choices: Mapping[str, object]) -> None:
    """Do nothing if these may be chosen.

    Raises:
        UsageError: One of them may not; it says which.
    """
    for name, value in choices.items():
        if told := fault(name, value):
            raise UsageError(told)


def decide(policy: Policy, offered: Offered | None, connection: Connection) -> Decision:
    """Return what is done unasked about a release; None: as far as it is known before one is seen."""
    if offered is not None and offered.sequence in policy.skipped:
        return Decision("wait", "refused")
    if offered is not None and policy.pinned not in (None, offered.sequence):
        return Decision("wait", "pinned")
    if policy.mode in ("off", "manual"):
        return Decision("wait", policy.mode)
    counted = None if offered is None or offered.critical else offered.documents
    if counted is not None and counted < policy.least_documents:
        return Decision("wait", "insignificant")
    if policy.mode == "notify":
        return Decision("notify")
    return Decision("install") if _fits(policy.connection, connection) else Decision("wait", "connection")


def _fits(over: Over, connection: Connection) -> bool:
    if over == "wifi":
        # What a browser does not tell is no Wi-Fi: an iPhone has no such interface, and may be on a metered line.
        return not connection.save_data and connection.type in ("wifi", "ethernet")
    slow = connection.save_data or connection.effective_type.endswith("2g")
    return over == "any" or not slow
