"""The error tree: four roots, by whose fault it is. Every class has a stable `code`, which events, exit codes and
`status` carry.

`HostError`: the host, or what it shows. `TrustError`: metadata that the trusted keys do not vouch for. `StoreError`:
this device. `CallerError`: what was asked for. A message says what was found, where, and what to do about it, and
of what there is how much (`counted`). This module imports nothing.
"""

from __future__ import annotations


def counted(count: int, things: str) -> str:
    """Return a number of things as messages say it.

    >>> counted(2, "pages without text"), counted(1, "pages without text"), counted(1, "hidden entries")
    ('2 pages without text', '1 page without text', '1 hidden entry')
    >>> counted(1, "pages that are not public")
    '1 page that is not public'
    >>> counted(1, "not read: save it as .eml")  # what stands behind a colon is no name of the things
    '1 not read: save it as .eml'
    """
    name, colon, rest = things.partition(":")
    words = name.split(" ")
    at = next((at for at, word in enumerate(words) if word.endswith("s") and not word.endswith("ss")), 0)
    if count == 1:
        words[at] = f"{words[at][:-3]}y" if words[at].endswith("ies") else words[at].removesuffix("s")
        words = ["is" if word == "are" else word for word in words]
    return f"{count} {' '.join(words)}{colon}{rest}"


class VademecumError(Exception):
    """Base of every error that vademecum raises on purpose.

    >>> error = ServerError("busy: https://docs.example/kb/timestamp.json", 503, retry_after=60)
    >>> error.code, error.transient, isinstance(error, HostError)
    ('server', True, True)

    Attributes:
        code: A stable word for programs; the same in Python, in JavaScript and in `--json` output.
        transient: True when trying again later, unchanged, may well succeed.
        repairable: True when this device failed, in a way that fetching everything anew could mend. A full disk,
            another program's file and another writer are none of that.
        retry_after: For how many seconds the host asked to be left alone, where it did.
        requests, bytes: What the run that ended so had made and received (bodies, as sent).
    """

    code = "error"
    transient = False
    repairable = False
    retry_after: float | None = None
    requests: int = 0
    bytes: int = 0

    @property
    def message(self) -> str:
        return str(self)


class HostError(VademecumError):
    """The host could not be asked, or what it shows is not as it should be. What is installed goes on working."""


class NetworkError(HostError):
    """No answer: name resolution, connection, TLS, a time-out, a body that broke off."""

    code = "network"
    transient = True


class ServerError(HostError):
    """The host answered with a status other than 200.

    Attributes:
        status: The HTTP status code; a missing file in a local folder counts as 404.
    """

    code = "server"
    transient = True

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class ContentError(HostError):
    """Bytes that are not what they should be: a wrong digest, a malformed file, HTML in place of data."""

    code = "content"


class NewerFormatError(ContentError):
    """A file or a store of a newer major format than this version reads. Nothing is guessed."""

    code = "newer-format"


class SelfTestError(HostError):
    """A release that verified but does not work here; it is not installed, and will not be tried again."""

    code = "self-test"


class TrustError(VademecumError):
    """Base of the answers "this metadata is not acceptable"."""

    code = "trust"


class SignatureError(TrustError):
    """Not signed by enough of the keys that the trusted root names."""

    code = "signature"


class RollbackError(TrustError):
    """Correctly signed, but older than what was already trusted here."""

    code = "rollback"


class RestartedError(RollbackError):
    """Correctly signed, built later than what is installed, and numbered below it: the publisher began a new line."""

    code = "restarted"


class EquivocationError(TrustError):
    """Correctly signed, under the number of something else that was: a stolen key, or a publisher with two builds."""

    code = "equivocation"


class ExpiredError(TrustError):
    """Correctly signed, but past its expiry date: nothing is installed from it; reading goes on."""

    code = "expired"


class ClockError(TrustError):
    """The clock of this device is implausible, so nobody can say what has expired; nothing is installed."""

    code = "clock"


class StoreError(VademecumError):
    """The local store is at fault, or in use; the host has nothing to do with it."""


class StorageError(StoreError):
    """The local store could not be read or written."""

    code = "storage"
    repairable = True


class QuotaError(StorageError):
    """The disk or the browser's quota is full; the installed generation is untouched.

    Attributes:
        needed: Bytes that the update has to store at least, where that is known.
        available: Bytes that may still be stored, where anybody knows.
    """

    code = "quota"
    repairable = False

    def __init__(self, message: str, needed: int | None = None, available: int | None = None) -> None:
        super().__init__(message)
        self.needed = needed
        self.available = available


class NotAStoreError(StorageError):
    """The file at the store's path is something else. It is left as it is."""

    code = "not-a-store"
    repairable = False


class DamagedError(StoreError):
    """What lies in the store is not what was put there; its code is that of `ContentError`."""

    code = "content"
    repairable = True


class BusyError(StoreError):
    """Another process or tab is updating this store."""

    code = "busy"
    transient = True


class CallerError(VademecumError):
    """What was asked for cannot be done as things are, or was called off by who asked."""


class UsageError(CallerError):
    """What the caller asked for makes no sense: a missing argument, a value out of range."""

    code = "usage"


class EmptyStoreError(CallerError):
    """Nothing is installed yet, or there is no previous generation to go back to."""

    code = "empty"


class BudgetError(CallerError):
    """The run has downloaded what it may (`Config.max_update_bytes`), or may not go on now; the next one does."""

    code = "budget"
    transient = True


class CancelledError(CallerError):
    """The caller gave up. Nothing that was installed has changed."""

    code = "cancelled"
    transient = True


def _codes(kind: type[VademecumError]) -> frozenset[str]:
    own = {kind.code} if kind.transient else set()
    return frozenset(own).union(*map(_codes, kind.__subclasses__()))


TRANSIENT = _codes(VademecumError)
"""The codes of transient errors; js/errors.mjs has the same."""
