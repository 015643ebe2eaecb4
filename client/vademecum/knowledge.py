"""The public face on CPython: one class, synchronous and asynchronous over the same engine.

Where `site` is a published tree (an address or a folder) and `shipped` its root metadata:

>>> with KnowledgeBase.open("knowledge.db", url=site, trust=shipped) as kb:
...     kb.sync().plan
...     [hit.text for hit in kb.search("run home", limit=1)]
...     kb.document("a").title
'full'
['run home']
'A'

From then on the network is needed for news only:

>>> KnowledgeBase.open("knowledge.db").search("run home")[0].document
'a'
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from vademecum.arguments import OpenOptions, check_arguments, root_bytes
from vademecum.config import Config
from vademecum.doctor import diagnose, examine_and_mend
from vademecum.errors import UsageError
from vademecum.events import EVENTS
from vademecum.installation import Installation
from vademecum.integrity.treatment import Diagnosis
from vademecum.log import logger
from vademecum.policy import CHOICES, UNKNOWN, Connection, Policy
from vademecum.runtime.loop import run
from vademecum.search.own_encoder import Encode
from vademecum.search.question import Filters, check_count, check_question, chunk_of
from vademecum.search.ranking import Mode
from vademecum.search.results import DocumentView, Entry, Results, addressed, list_documents, view_document
from vademecum.store.pointer import Generation
from vademecum.update.results import Check, Outcome
from vademecum.update.run import search_page

Listener = Callable[[dict[str, Any]], None]


class KnowledgeBase:
    """A local, searchable copy of a published knowledge base.

    Open one with `KnowledgeBase.open`. Reading never needs the network. An open knowledge base goes on
    answering from the generation it has read, until `sync`, `rollback` or `reload` brings another.
    May be shared between threads. What is synchronous works inside a running event loop too (Jupyter), which
    stands still meanwhile; what ends in `_async` is awaited, and raises the same errors.

    >>> async def first() -> str:
    ...     await kb.sync_async()
    ...     return (await kb.search_async("run"))[0].title
    >>> asyncio.run(first())
    'A'
    """

    def __init__(self, options: OpenOptions) -> None:
        self._listeners: dict[str, list[Listener]] = {name: [] for name in EVENTS}
        self._tree = search_page(options.locations[0]) if options.locations else ""
        self._installation = Installation(options, self._emit)

    @classmethod
    def open(
        cls,
        store: str | Path,
        *,
        url: str | Path | Sequence[str | Path] | None = None,
        trust: bytes | str | Path | None = None,
        seed: str | Path | None = None,
        config: Config | None = None,
        policy: Policy | None = None,
        connection: Callable[[], Connection] = lambda: UNKNOWN,
        fallback: Iterable[Mapping[str, object]] | None = None,
        encoder: Encode | Literal["published"] | None = None,
    ) -> KnowledgeBase:
        """Open a knowledge base. Nothing is read or written yet, but the file that `trust` names.

        >>> config = Config(channel="beta", retries=5)
        >>> kb = KnowledgeBase.open("kb.db", url=[site, "https://mirror.example/kb/"], trust=shipped, config=config)

        Args:
            store: Path of the local database file; made by the first `sync`.
            url: The published tree: `https://...` or a local folder; or a list of mirrors of it, the preferred one
                first. Not needed to search.
            trust: The root metadata that the app ships: its bytes, its JSON text, or the path of the file.
                Without it the first root that the host shows is pinned (trust on first use).
            seed: A published tree that the app ships, as a folder: what `sync` installs where it is newer than
                what is installed, network or not.
            config: Limits, retries and times other than the defaults.
            policy: What `sync` does about a release, where the user of the store has not chosen otherwise.
            connection: Tells what is known of the network, where an app knows; called by each `sync`.
            fallback: Documents of the app, each with `key`, `text` or `html`, and perhaps `title` and `url`: they
                answer, by their words alone and from memory, while no release is installed.
            encoder: The app's own encoder of queries: given a text, it returns the vector that the very model of the
                release has for it (as many real numbers as the model has dimensions, of any length). It takes the
                place of the table that the release brings; that answers until `sync` has fetched what is needed. A
                search raises UsageError where the vectors are not of that model. Or `published`: the model that the
                release brings, where it brings one (the extra `[onnx]`); a search raises ContentError where that does
                not work here.

        Raises:
            UsageError: An argument of another type, or `trust` names a file that cannot be read.
            ContentError: That file is no root metadata.
        """
        check_arguments(store, url, seed, config, policy, encoder)
        urls = [] if url is None else [url] if isinstance(url, str | Path) else url
        options = OpenOptions(
            Path(store),
            locations=tuple(map(str, urls)),
            trust=None if trust is None else root_bytes(trust),
            seed=None if seed is None else str(seed),
            config=config or Config(),
            policy=policy,
            connection=connection,
            fallback=None if fallback is None else tuple(fallback),
            encoder=encoder,
        )
        return cls(options)

    # Keeping it current -----------------------------------------------------------------------

    def sync(self, *, force: bool = False) -> Outcome:
        """Check, and as the policy has it download, verify and install; return what happened.

        It never raises for what may happen on any day: where the host cannot be asked, or shows what is not acceptable,
        or the store cannot be written, the outcome has the `error` (its `code` and `message`), `updateFailed` is
        announced, and what is installed goes on answering. What waits, as the policy has it, is the outcome's `offer`.

        >>> outcome = kb.sync()
        >>> outcome.plan, outcome.to_sequence, outcome.error
        ('none', 2, None)

        Args:
            force: Fetch and install the published release whole, even if it is installed already, was refused, or is
                not the pinned one. An older one is refused all the same.

        Returns:
            Its `error` is a NetworkError or ServerError (trying later may help); a ContentError, SignatureError,
            RollbackError or ExpiredError (what the host shows is not acceptable); a ClockError (this device's clock is
            implausible); a SelfTestError (the release does not work here, and is refused from now on); a BudgetError
            (a run may download no more; the next goes on from there); or a StorageError, QuotaError or BusyError (the
            store is broken, full, or in use by another writer).

        Raises:
            UsageError: This knowledge base was opened without a url, or with one that is none.
        """
        return run(self.sync_async(force=force))

    async def sync_async(self, *, force: bool = False) -> Outcome:
        """Await `sync`: check, download, verify and install; return what happened."""
        return await self._installation.bring(force=force, unasked=not force)

    def update(self) -> Outcome:
        """Install the published release if there is a newer one, whatever mode, connection and significance say.

        One that was skipped is not installed, nor another than the pinned one.

        >>> kb.update().to_sequence
        2

        Raises:
            VademecumError: What kept it from that: the errors that an outcome of `sync` may have, and what that raises.
        """
        return run(self.update_async())

    async def update_async(self) -> Outcome:
        """Await `update`: install the published release, as a user asks for it."""
        return await self._installation.install()

    def check(self) -> Check:
        """Ask the host for news, without installing anything; return what there is.

        >>> kb.check().available
        False

        Raises:
            UsageError: This knowledge base was opened without a url.
            VademecumError: The host cannot be asked, or shows what is not acceptable; or the store cannot be written.
        """
        return run(self.check_async())

    async def check_async(self) -> Check:
        """Await `check`: ask the host for news, without installing anything. Errors: see `check`."""
        return await self._installation.use(lambda engine: engine.check())

    def rollback(self) -> Generation:
        """Go back to the generation before, and return it. The one that is left is not installed again by itself.

        >>> kb.rollback().sequence, kb.sync().reason
        (1, 'refused')

        Raises:
            EmptyStoreError: There is none, or its publisher has taken it back.
            DamagedError, SelfTestError: It is damaged, or does not work here; the current one stays.
            StorageError, BusyError: The store is broken, or in use by another writer.
        """
        return run(self.rollback_async())

    async def rollback_async(self) -> Generation:
        """Await `rollback`: go back to the generation before, and return it. Errors: see `rollback`."""
        return await self._installation.use(lambda engine: engine.rollback(), online=False)

    def pin(self, sequence: int | None) -> None:
        """Stay at a release, the current or the previous one; None follows the channel again.

        >>> kb.pin(1)
        >>> kb.release.sequence, kb.sync().reason
        (1, 'pinned')

        Raises:
            UsageError: That release is neither.
            EmptyStoreError, DamagedError, SelfTestError, StorageError, BusyError: See `rollback`.
        """
        run(self.pin_async(sequence))

    async def pin_async(self, sequence: int | None) -> None:
        """Await `pin`: stay at a release; None follows the channel again. Errors: see `pin`."""
        await self._installation.use(lambda engine: engine.pin(sequence), online=False)

    def skip(self, sequence: int | None) -> None:
        """Pass a release over; None takes back all that was decided so, and makes a release that was left come again.

        >>> kb.skip(3)
        >>> kb.status()["refused"]
        [3]

        Raises:
            UsageError: That release is installed, or it is no number.
            StorageError, BusyError: The store is broken, or in use by another writer.
        """
        run(self.skip_async(sequence))

    async def skip_async(self, sequence: int | None) -> None:
        """Await `skip`: pass a release over. Errors: see `skip`."""
        await self._installation.use(lambda engine: engine.skip(sequence), online=False)

    def set_policy(self, **choices: object) -> None:
        """Keep what the user of this store has chosen, by the fields of `Policy`: `set_policy(mode="notify")`.

        None gives a choice back to the app. What holds is `status()["policy"]`.

        >>> kb.set_policy(mode="notify", max_update_bytes=1_000_000)
        >>> kb.status()["policy"]["mode"]
        'notify'

        Raises:
            UsageError: There is no such choice; it says what may be chosen.
            StorageError, BusyError: The store is broken, or in use by another writer.
        """
        run(self.set_policy_async(**choices))

    async def set_policy_async(self, **choices: object) -> None:
        """Await `set_policy`: keep what the user of this store has chosen. Errors: see `set_policy`."""
        names = {field: name for name, field in CHOICES.items()}
        told = {names.get(field, field): value for field, value in choices.items()}
        await self._installation.use(lambda engine: engine.choose(told), online=False)

    def status(self) -> dict[str, Any]:
        """Return what is installed and what is known of the channel; no request is made.

        The keys are those of site/content/apps.md; times are texts (ISO 8601, UTC), sizes are bytes.

        >>> kb.status()["installed"]["sequence"]
        2

        Raises:
            EmptyStoreError: There is no store, nor a url that could fill it.
            StorageError: The file cannot be read, or is not a store.
        """
        return run(self.status_async())

    async def status_async(self) -> dict[str, Any]:
        """Await `status`: what is installed and what is known of the channel. Errors: see `status`."""
        return await self._installation.status()

    def doctor(self, *, repair: bool = True) -> Diagnosis:
        """Examine the store whole, and mend what is broken with as little as it takes.

        >>> kb.doctor(repair=False).sound
        True

        Args:
            repair: Mend; needs a url. Without, nothing is written.

        Raises:
            EmptyStoreError, NotAStoreError, NewerFormatError: There is no store of ours that could be examined.
            StorageError: It cannot be opened, and not because it is damaged.
        """
        return run(self.doctor_async(repair=repair))

    async def doctor_async(self, *, repair: bool = True) -> Diagnosis:
        """Await `doctor`: examine the store whole, and mend what is broken. Arguments and errors: see `doctor`."""
        here = self._installation
        now = here.clock.now()
        if not repair or not here.online:
            return Diagnosis(await diagnose(here.path, now))
        return await examine_and_mend(here.path, now, here.use)

    # Reading ----------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        limit: int = 10,
        *,
        offset: int = 0,
        mode: Mode = "hybrid",
        filters: Filters | None = None,
        prefer: Mapping[str, str] | None = None,
        group: bool = True,
        facets: Sequence[str] | None = None,
    ) -> Results:
        """Return the best hits for the query, best first, from the installed generation; at most `limit`.

        What is looked for are words, with what they mean: misspelt ones and one that is still being typed, too.

        >>> [(hit.document, hit.text) for hit in kb.search("run hom", limit=1)]
        [('a', 'run home')]
        >>> kb.search("run", filters={"lang": "de"})
        []

        Args:
            offset: Hits to leave out before the first: those of the pages before.
            mode: `hybrid`, or by words alone (`lexical`), or by meaning alone (`semantic`).
            filters: Only documents whose metadata say so: `{"version": "2.0", "tags": ["pump", "oil"],
                "date": {"min": "2024-01-01"}}`. What nobody says finds nothing. With an empty query all of these are
                listed, by key.
            prefer: Of a page in several places this one: `{"lang": "de-AT", "version": "1.0"}`.
            group: One hit for each document, the others of it in `Hit.more`.
            facets: Fields of the metadata to count, such as `["tags", "author"]`; None: `lang`, `version` and `source`.

        Raises:
            EmptyStoreError: Nothing is installed yet.
            UsageError: A limit not from 1 to 1,000, an offset not from 0 to 1,000, another mode or type.
            SelfTestError: What is installed does not work here, and there is no way back.
            StorageError, DamagedError, ContentError: The store cannot be read or is damaged; the next `sync` mends it.
        """
        asked = {} if filters is None else filters, {} if prefer is None else prefer
        check_question(query, limit, offset, mode, *asked, facets)
        searcher = self._installation.answering().searcher
        found = searcher.search(query, limit, filters, prefer, offset=offset, mode=mode, group=group, facets=facets)
        return self._addressed(found)

    async def search_async(
        self,
        query: str,
        limit: int = 10,
        *,
        offset: int = 0,
        mode: Mode = "hybrid",
        filters: Filters | None = None,
        prefer: Mapping[str, str] | None = None,
        group: bool = True,
        facets: Sequence[str] | None = None,
    ) -> Results:
        """Await `search` in a thread: the event loop goes on meanwhile. Arguments and errors: see `search`."""
        search = partial(self.search, offset=offset, mode=mode, group=group, facets=facets)
        return await asyncio.to_thread(search, query, limit, filters=filters, prefer=prefer)

    def similar(self, id: str, limit: int = 10) -> Results:
        """Return the passages of other pages that mean nearly the same as a hit, best first, one a document.

        >>> hit = kb.search("run")[0]
        >>> [other.document for other in kb.similar(hit.id)]
        ['b']

        Args:
            id: Of the hit or the passage. One that the release does not have (any more) is like nothing.

        Raises:
            UsageError: It is no id, or the limit is not from 1 to 1,000.
            EmptyStoreError, SelfTestError, StorageError, DamagedError, ContentError: See `search`.
        """
        check_count("limit", limit, 1)
        return self._addressed(self._installation.answering().searcher.similar(chunk_of(id), limit))

    def _addressed(self, found: Results) -> Results:
        if self.release.sequence > 0:  # of an app's own documents no tree has a page
            found[:] = addressed(found, self._tree or self._installation.tree)
        return found

    def document(self, key: str) -> DocumentView | None:
        """Return a whole document as it was indexed, or None if the release has none of that key.

        >>> [chunk.text for chunk in kb.document("a").chunks]
        ['run home']

        Raises:
            UsageError: The key is no text.
            EmptyStoreError, SelfTestError, StorageError, DamagedError, ContentError: See `search`.
        """
        if not isinstance(key, str):
            raise UsageError(f"key must be a text, not {key!r}")
        return view_document(self._installation.answering().opened, key)

    def documents(self) -> tuple[Entry, ...]:
        """Return the key, title and URL of each document, by key. Errors: see `document`.

        >>> [(entry.key, entry.title) for entry in kb.documents()]
        [('a', 'A'), ('b', '')]
        """
        return list_documents(self._installation.answering().opened)

    @property
    def release(self) -> Generation:
        """The generation that answers. Errors: see `search`.

        >>> kb.release.sequence
        2
        """
        return self._installation.answering().opened.generation

    def reload(self) -> None:
        """Answer from what the store holds now, as after another process has updated it. Errors: see `search`.

        >>> kb.reload()
        """
        run(self._installation.reload())

    # Events -----------------------------------------------------------------------------------

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the details of each such event; return a function that ends that.

        >>> stop = kb.on("updateAvailable", lambda detail: print(detail["version"]))
        >>> stop()

        Args:
            event: One of `EVENTS`; what the details are is in site/content/apps.md.
            listener: Called in the thread that syncs. What it raises is logged, and changes nothing.

        Raises:
            UsageError: There is no such event.
        """
        if event not in self._listeners:
            raise UsageError(f"no event {event!r}; there are: {', '.join(EVENTS)}")
        self._listeners[event].append(listener)
        return lambda: self.off(event, listener)

    def off(self, event: str, listener: Listener) -> None:
        """Stop calling `listener`; one that was never added is passed over.

        >>> kb.on("updateCompleted", print) and kb.off("updateCompleted", print)
        """
        if listener in self._listeners.get(event, []):
            self._listeners[event].remove(listener)

    def _emit(self, event: str, detail: Mapping[str, Any]) -> None:
        for listener in tuple(self._listeners[event]):
            try:
                listener(dict(detail))  # its own
            except Exception:  # the others are called all the same
                logger.exception("a listener of %s failed", event)

    # Letting go -------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the generation in memory. The next search reads it again.

        >>> kb.close()
        """
        self._installation.close()

    def __enter__(self) -> KnowledgeBase:
        """Return itself; the end of `with` closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
