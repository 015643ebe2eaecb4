"""`vade pull`."""

from __future__ import annotations

from argparse import Namespace

from vademecum.config import Config
from vademecum.errors import EmptyStoreError, counted
from vademecum.knowledge import KnowledgeBase
from vademecum_builder.cli.progress import Bars
from vademecum_builder.cli.wording import Shown, notice, size, stale, waiting


def run(options: Namespace) -> Shown:
    """Bring a local store up to date.

    Raises:
        EmptyStoreError: Nothing is installed, since the release is not meant for this store. VademecumError: See
            `update`.
    """
    with (
        KnowledgeBase.open(
            options.store,
            url=[options.location, *options.mirror],
            trust=options.trust,
            seed=options.seed,
            config=Config(max_update_bytes=options.max_bytes),
        ) as knowledge,
        Bars() as bars,
    ):
        knowledge.on("updateProgress", bars.update)
        outcome = knowledge.sync(force=True) if options.force else knowledge.update()
        if outcome.error is not None:  # of `sync`
            raise outcome.error
        status = knowledge.status()
    result = {**outcome.json(), "seconds": round(outcome.seconds, 3)}
    if status["seed"] is not None:
        notice(f"the seed was passed over: {status['seed']['message']}")
    requests = counted(outcome.requests, "requests")
    if not outcome.to_sequence:
        raise EmptyStoreError(f"nothing is installed: {waiting(status)}")
    cost = f"{requests}, {size(outcome.bytes)}, {outcome.seconds:.1f} s"
    if outcome.plan == "none":
        here = f"release {outcome.to_sequence} ({outcome.version})"
        if waits := waiting(status):
            return result, [f"Stays at {here}; {cost}", f"  {waits}"]
        return result, [f"Up to date: {here}; {cost}", *stale(status)]
    before = "" if outcome.from_sequence is None else f" over release {outcome.from_sequence}"
    seed = f"; release {outcome.seeded} from the seed" if outcome.seeded is not None else ""
    done = f"Installed release {outcome.to_sequence} ({outcome.version}){before}; plan {outcome.plan}, {cost}{seed}"
    if outcome.from_sequence is None and options.trust is None:
        return result, [
            done,
            "  the keys that this host showed are trusted from now on (--trust root.json names the publisher's)",
        ]
    return result, [done]
