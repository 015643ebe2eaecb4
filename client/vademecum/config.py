"""Every limit of the client, by name. An app passes its own `Config` to change one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Limits and retries of the engine. Sizes in bytes, times in seconds.

    >>> Config(channel="beta", retries=0, max_update_bytes=1_000_000).backoff
    0.5

    Attributes:
        channel: The line of releases to follow.
        parallel: Downloads at the same time.
        retries: Retries after a network error or a transient status (404 of a fresh file, 408, 425, 429, 5xx).
        first_retries: Retries after a network error of a host that has not answered yet in this run: the host or the
            network is away, and the caller is told within a second or so.
        backoff: Wait before the first retry; doubles each time, times a jitter of 0.5 to 1.5.
        longest_wait: The longest wait within one run, whatever the host asks for.
        idle_check_age: Up to this age of the last full refresh, an unchanged `timestamp.json` means that nothing
            changed, and a newer root is asked for only if something does not verify or has expired. After it, all
            metadata are refreshed. 0: always, as TUF 5.3.3 has it.
        patient: Whether to send no request before the time that the host asked for (Retry-After), unless forced. In
            browsers the page's schedule waits instead, so that a user who asks is not refused.
        max_update_bytes: A run that has downloaded so much pauses, and the next continues. An object is begun only if
            it fits, except the first of a run. Forced updates ignore it. None: no limit.
        heal_after: After so many failures of this device in a row the next sync repairs the store, once; if that does
            not help, it fetches everything anew.
        max_repair: Limit of an object, inflated, that is fetched again by its digest alone.
        max_root_rotations: Root versions followed in one run; the next run continues.
        max_root, max_timestamp, max_snapshot, max_targets, max_manifest: Limits of the files whose sizes are not signed
            elsewhere.
        max_object: Limit of one segment or encoder, inflated.
        max_on_the_way: Limit of the bytes, sent and inflated, of all parallel downloads; at least one object.
        max_release: Limit of all objects of a release together, inflated.
        max_merged: About the largest segment made by merging; memory is taken for one at a time.
        max_segments: With more small segments (below half of `max_merged`) an update merges the smallest.
        max_dead_share: With a greater share of dead row bytes an update rewrites their segments.
        min_dead_bytes: Fewer dead bytes never cause that.
    """

    channel: str = "stable"
    parallel: int = 6
    retries: int = 4
    first_retries: int = 1
    backoff: float = 0.5
    longest_wait: float = 20.0
    idle_check_age: float = 86_400.0
    patient: bool = True
    max_update_bytes: int | None = None
    heal_after: int = 3
    max_repair: int = 67_108_864
    max_root_rotations: int = 64
    max_root: int = 512_000
    max_timestamp: int = 16_384
    max_snapshot: int = 500_000
    max_targets: int = 1_000_000
    max_manifest: int = 8_000_000
    max_object: int = 1_000_000_000
    max_on_the_way: int = 500_000_000
    max_release: int = 4_000_000_000
    max_merged: int = 8_388_608
    max_segments: int = 32
    max_dead_share: float = 0.5
    min_dead_bytes: int = 65_536
