"""The update policy: what is done about a release unasked, as one value and one pure function.

The app has defaults, and the user of a store may choose otherwise; the choices lie in the store (store/records.py).
js/update/policy.mjs is the twin: both pass the same table of cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from vademecum.errors import UsageError

Mode = Literal["automatic", "notify", "manual", "off"]
Over = Literal["any", "unmetered", "wifi"]
Activation = Literal["now", "next-start"]
Action = Literal["install", "notify", "wait"]


@dataclass(frozen=True)
class Connection:
    """What is known of the network, in the terms of the Network Information API; by default nothing.

    >>> decide(Policy(), None, Connection(save_data=True)).reason
    'connection'
    """

    save_data: bool = False
    effective_type: str = ""
    type: str = ""


UNKNOWN = Connection()


@dataclass(frozen=True)
class Offered:
    """A release that could be installed.

    Attributes:
        documents: How many documents differ from the installed ones; None: unknown.
        critical: Whether it, or a release before it that is not installed, is marked critical by its publisher.
    """

    sequence: int
    documents: int | None = None
    critical: bool = False


@dataclass(frozen=True)
class Policy:
    """What is done unasked. `update()` heeds `pinned` and `skipped` alone.

    >>> Policy(mode="notify", max_update_bytes=1_000_000).json()["mode"]
    'notify'

    Attributes:
        mode: `automatic` installs; `notify` emits an event and waits for `update()`; `manual` waits silently; `off`
            does not even ask the host.
        channel: The line of releases to follow.
        connection: `any`; `unmetered`: neither with data saving nor over 2g; `wifi`: only over a connection known to
            be Wi-Fi or Ethernet.
        max_update_bytes: Download limit of one run; the next continues. None: no limit.
        least_documents: A release that changes fewer documents waits for a later one, unless it is critical.
        activation: `now`, or `next-start`: instances that are open go on with the release that they have read.
        pinned: The release to stay at, or None.
        skipped: Releases not to install.
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
        """Return the choices by their names in JSON; `status()` has `pinned` and `refused` beside them."""
        return {name: getattr(self, field) for name, field in CHOICES.items()}

    def chosen(self, choices: Mapping[str, Any]) -> Policy:
        """Return the policy with these choices, which `check_choices` has accepted."""
        return replace(self, **{CHOICES[name]: value for name, value in choices.items() if value is not None})


@dataclass(frozen=True)
class Decision:
    """What to do; `reason` is why a release waits: `refused`, `pinned`, `off`, `manual`, `insignificant`, `connection`;
    else empty."""

    action: Action
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
    """Return what is wrong with a choice; empty: nothing. The value None returns the choice to the app."""
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
    """Raise UsageError, which says which, if one of the user's choices is not allowed."""
    for name, value in choices.items():
        if wrong := fault(name, value):
            raise UsageError(wrong)


def decide(policy: Policy, offered: Offered | None, connection: Connection) -> Decision:
    """Return what to do about a release unasked; None: as far as that is known before one is seen."""
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
