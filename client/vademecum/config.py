"""Every limit of the client, by name. An app passes its own `Config` to change one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Limits and habits of the engine. Sizes in bytes, times in seconds.

    >>> Config(channel="beta", retries=0, max_update_bytes=1_000_000).backoff
    0.5

    Attributes:
        channel: The line of releases to follow.
        parallel: Downloads at the same time.
        retries: Further tries after a network error or a status that may pass (404 of a fresh file,
            408, 425, 429, 5xx).
        first_retries: Further tries after a network error of a host that has not answered yet in this run: it, or the
            network, is away, and whoever waits for the run is told within a second or so.
        backoff: Wait before the first further try; doubles each time, times a jitter of 0.5 to 1.5.
        longest_wait: The longest wait within one run, whatever the host asks for.
        idle_check_age: Within this age of the last full refresh, an unchanged `timestamp.json` means that nothing
            changed, and where something did, no newer root is asked for unless something does not verify or has
            expired. After it, the whole metadata is walked again. 0: always, as TUF 5.3.3 has it.
        patient: Ask nothing before the time that the host asked for has come, unless forced. In browsers the
            page's schedule waits instead, so that a user who asks is not refused.
        max_update_bytes: A run that has downloaded so much pauses: what it has brought stays for the next one. An
            object is begun only if it fits, but for the first of a run. Not for forced updates. None: no such limit.
        heal_after: So many failures of this device in a row make the next sync mend what is broken, once; where not all
            can be mended, or nothing was broken, it fetches everything anew.
        max_repair: The most bytes, inflated, of an object that is fetched again by its name alone.
        max_root_rotations: Root versions taken in one run; the next run goes on.
        max_root, max_timestamp, max_snapshot, max_targets, max_manifest: The most bytes of each file
            whose size is not signed elsewhere.
        max_object: The most bytes, inflated, of one segment or encoder.
        max_on_the_way: With larger objects, so many fewer at the same time that those on their way have no more bytes,
            as sent and inflated; at least one.
        max_release: The most bytes, inflated, of all objects of a release together.
        max_merged: About the most bytes of a segment that is made by merging. Memory is taken for one at a time.
        max_segments: With more small ones of them (below half of that), an update merges the smallest (compaction.py).
        max_dead_share: With a greater share of dead row bytes, an update rewrites the segments they lie in.
        min_dead_bytes: Fewer dead bytes than these are never worth that.
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
