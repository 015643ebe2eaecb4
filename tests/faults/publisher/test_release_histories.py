"""Random histories of builds and decisions: the tree stays whole, and a client on each channel follows."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from support.in_hand import FixedClock
from support.publishing import Line
from support.sampling import ALL
from vademecum.config import Config
from vademecum.engine import Engine
from vademecum.errors import UsageError
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum.store.pointer import decode_head
from vademecum.trust.channel import Line as ChannelLine
from vademecum_builder.release.channels import Channels
from vademecum_builder.release.published import read_published
from vademecum_builder.release.verify import files_below, verify_tree
from vademecum_builder.releases import TreeRequest, promote, resign, roll_back, roll_out, yank
from vademecum_builder.request import ArchiveLimits

CHANNELS = ("beta", "stable")
STEPS = 14


def decide(line: Line, chance: random.Random, last: int) -> None:
    """Do one thing that a publisher may do, or try to."""
    request = TreeRequest(out=line.out, keys=line.keys, site=False, channel=chance.choice(CHANNELS))
    some, now = chance.randint(max(1, last - 3), last), line.now
    match chance.randint(0, 8):
        case 0 | 1 | 2 as number:
            files = {f"{page}.md": f"# Page {page}\n\nText {chance.randint(1, 3)} of {page}.\n" for page in "abcd"}
            line.release(files, channel=request.channel, candidate=(None, 0, 5000)[number], archive=ArchiveLimits(4))
        case 3:
            promote(request, some, now=now)
        case 4:
            roll_out(request, some, rollout=chance.choice((0, 5000, 10_000)), now=now)
        case 5:
            yank(request, [some], now=now)
        case 6:
            roll_back(request, to=some, now=now)
        case 7:
            resign(request, now=now)
        case _:
            promote(request, some, to="stable", now=now)


def shown(line: Line) -> Channels:
    clock, config = FixedClock(line.now), Config(retries=0)
    transport = FolderTransport(line.out)
    found = asyncio.run(verify_tree(transport, line.root, clock, config, present=files_below(line.out)))
    assert (found.damaged, {*found.unsigned} - {"version.json"}) == ((), set())
    return asyncio.run(read_published(transport, line.root, clock, config=config)).channels


def expected(told: ChannelLine, before: int, after: int) -> bool:
    """Whether a client that had `before` may have `after` now."""
    candidate = told.candidate
    allowed = {release.sequence for release in told.releases} - {*told.yanked}
    allowed -= {candidate.sequence} if candidate and not told.rollout else set()
    return after == before or (after > before and after in allowed)


@pytest.mark.slow
@pytest.mark.fault("A17", "D48")
@pytest.mark.parametrize("seed", range(4 if ALL else 2))
def test_whatever_is_decided_the_tree_verifies_and_clients_follow(tmp_path: Path, seed: int) -> None:
    chance, line = random.Random(seed), Line(tmp_path)
    line.release({"a.md": "# Page a\n\nText 0 of a.\n"})
    line.release({"a.md": "# Page a\n\nText 0 of a.\n"}, channel="beta")
    stores = {(channel, jitter): MemoryStore() for channel in CHANNELS for jitter in (0.1, 0.7)}
    at = dict.fromkeys(stores, 0)
    seen: dict[int, str] = {}
    done = last = 1
    for _ in range(STEPS):
        line.later(hours=1)
        try:
            decide(line, chance, last)
            done += 1
        except UsageError:
            pass
        channels = shown(line)
        for told in channels.values():
            for release in told.releases:
                assert seen.setdefault(release.sequence, release.sha256) == release.sha256, "one number, one release"
        last = max(told.newest for told in channels.values())
        for (channel, jitter), store in stores.items():
            config = Config(retries=0, channel=channel)
            clock = FixedClock(line.now, jitter)
            engine = Engine(store, FolderTransport(line.out), clock, trust=line.root, config=config)
            outcome = asyncio.run(engine.sync())
            head = decode_head(asyncio.run(store.read("head")))
            here = 0 if head.current is None else head.current.sequence
            told, before = channels[channel], at[channel, jitter]
            assert expected(told, before, here), (channel, before, here, told)
            assert here >= told.current.sequence or told.current.sequence in told.yanked
            if before and here > before and outcome.plan == "full":
                raise AssertionError(f"{channel}: from {before} to {here} all was fetched")
            at[channel, jitter] = here
    assert done > STEPS / 2
