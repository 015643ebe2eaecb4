"""The tree of errors, which is public: programs go by classes, codes, and by whether trying again helps."""

from __future__ import annotations

from collections.abc import Iterator

from vademecum.errors import QuotaError, ServerError, VademecumError

TREE = """\
VademecumError error
  HostError error
    NetworkError network transient
    ServerError server transient
    ContentError content
      NewerFormatError newer-format
    SelfTestError self-test
  TrustError trust
    SignatureError signature
    RollbackError rollback
      RestartedError restarted
    EquivocationError equivocation
    ExpiredError expired
    ClockError clock
  StoreError error
    StorageError storage repairable
      QuotaError quota
      NotAStoreError not-a-store
    DamagedError content repairable
    BusyError busy transient
  CallerError error
    UsageError usage
    EmptyStoreError empty
    BudgetError budget transient
    CancelledError cancelled transient"""


def lines(kind: type[VademecumError], depth: int = 0) -> Iterator[str]:
    flags = [name for name in ("transient", "repairable") if getattr(kind, name)]
    yield "  " * depth + " ".join([kind.__name__, kind.code, *flags])
    for below in kind.__subclasses__():
        if below.__module__ == kind.__module__:
            yield from lines(below, depth + 1)


def test_the_tree() -> None:
    assert "\n".join(lines(VademecumError)) == TREE


def test_what_some_say_beside_their_message() -> None:
    server, quota = ServerError("busy", 503, 7), QuotaError("full", needed=2, available=1)
    assert (server.message, server.status, server.retry_after) == ("busy", 503, 7)
    assert (quota.message, quota.needed, quota.available, quota.retry_after) == ("full", 2, 1, None)
