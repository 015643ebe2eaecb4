"""The public API on CPython: one class, synchronous and asynchronous over the same engine.

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
from vademecum.search.question import Filters, Question, check_count, check_question, chunk_of
from vademecum.search.ranking import Mode
from vademecum.search.results import DocumentView, Entry, Results, addressed, list_documents, view_document
from vademecum.store.pointer import Generation
from vademecum.update.results import Check, Outcome
from vademecum.update.run import search_page

Listener = Callable[[dict[str, Any]], None]


class KnowledgeBase:
    """A local, searchable copy of a published knowledge base.

    Open one with `KnowledgeBase.open`. Searching and reading never need the network, and answer from the generation
    in memory until `sync`, `rollback` or `reload` replaces it. Threads may share an instance. Synchronous methods
    also work inside a running event loop (Jupyter) and block it; methods ending in `_async` raise the same errors.

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
        """Open a knowledge base. Nothing is read or written yet, except the file named by `trust`.

        >>> config = Config(channel="beta", retries=5)
        >>> kb = KnowledgeBase.open("kb.db", url=[site, "https://mirror.example/kb/"], trust=shipped, config=config)

        Args:
            store: Path of the local database file; created by the first `sync`.
            url: The published tree, `https://...` or a local folder; or a list of mirrors, the preferred one first.
                Not needed for searching.
            trust: The root metadata shipped with the app: bytes, JSON text, or a path. Without it the first root
                that the host shows is pinned (trust on first use).
            seed: A published tree shipped with the app, as a folder: `sync` installs it, offline as well, if it is
                newer than the installed release.
            config: Limits, retries and times other than the defaults.
            policy: What `sync` does about a release, unless the user of the store has chosen otherwise.
            connection: Returns what the app knows of the network; called by each `sync`.
            fallback: Documents of the app, each with `key`, `text` or `html`, and optionally `title` and `url`. They
                are searched by their words, in memory, while no release is installed.
            encoder: A query encoder of the app, in place of the release's table: given a text, it returns the vector
                of the release's own model (as many real numbers as the model has dimensions, of any norm). The table
                answers until `sync` has fetched what the encoder needs; a search raises UsageError if the vectors
                are not of that model. Or `published`: the model that the release brings, if it does (the extra
                `[onnx]`); a search raises ContentError if it does not run here.

        Raises:
            UsageError: An argument has another type, or the file named by `trust` cannot be read.
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
        """Check for a release; download, verify and install it if the policy says so; return what happened.

        Everyday failures do not raise: if the host cannot be reached, shows unacceptable metadata, or the store cannot
        be written, the outcome has an `error` (with `code` and `message`), `updateFailed` is emitted, and the installed
        release goes on answering. A release held back by the policy is the outcome's `offer`.

        >>> outcome = kb.sync()
        >>> outcome.plan, outcome.to_sequence, outcome.error
        ('none', 2, None)

        Args:
            force: Download and install the whole published release, even if it is installed, was refused, or is not
                the pinned one. An older one is still refused.

        Returns:
            The outcome. Its `error` may be a NetworkError or ServerError (try later); a ContentError, SignatureError,
            RollbackError or ExpiredError (what the host shows is not acceptable); a ClockError (this device's clock is
            implausible); a SelfTestError (the release does not work here, and is refused from now on); a BudgetError
            (the download limit of this run is reached; the next continues); or a StorageError, QuotaError or BusyError
            (the store is broken, full, or in use by another writer).

        Raises:
            UsageError: This knowledge base was opened without a url, or with an invalid one.
        """
        return run(self.sync_async(force=force))

    async def sync_async(self, *, force: bool = False) -> Outcome:
        """Await `sync`: check, download, verify and install; return what happened."""
        return await self._installation.sync(force=force, unasked=not force)

    def update(self) -> Outcome:
        """Install the published release if it is newer, whatever the policy says of mode, connection and significance.

        A skipped release is not installed, nor any other than the pinned one.

        >>> kb.update().to_sequence
        2

        Raises:
            VademecumError: It failed: the errors that `sync` raises or reports.
        """
        return run(self.update_async())

    async def update_async(self) -> Outcome:
        """Await `update`: install the published release. Errors: see `update`."""
        return await self._installation.sync_or_raise()

    def check(self) -> Check:
        """Ask the host for a newer release without installing it; return what there is.

        >>> kb.check().available
        False

        Raises:
            UsageError: This knowledge base was opened without a url.
            VademecumError: The host cannot be reached, what it shows is not acceptable, or the store cannot be written.
        """
        return run(self.check_async())

    async def check_async(self) -> Check:
        """Await `check`: ask the host for news, without installing anything. Errors: see `check`."""
        return await self._installation.use(lambda engine: engine.check())

    def rollback(self) -> Generation:
        """Go back to the previous generation and return it. The release left behind is not installed again by `sync`.

        >>> kb.rollback().sequence, kb.sync().reason
        (1, 'refused')

        Raises:
            EmptyStoreError: There is no previous generation, or its publisher has yanked it.
            DamagedError, SelfTestError: It is damaged, or does not work here; the current one stays.
            StorageError, BusyError: The store is broken, or in use by another writer.
        """
        return run(self.rollback_async())

    async def rollback_async(self) -> Generation:
        """Await `rollback`: go back to the previous generation. Errors: see `rollback`."""
        return await self._installation.use(lambda engine: engine.rollback(), online=False)

    def pin(self, sequence: int | None) -> None:
        """Stay at the current or the previous release; None follows the channel again.

        >>> kb.pin(1)
        >>> kb.release.sequence, kb.sync().reason
        (1, 'pinned')

        Raises:
            UsageError: The release is neither.
            EmptyStoreError, DamagedError, SelfTestError, StorageError, BusyError: See `rollback`.
        """
        run(self.pin_async(sequence))

    async def pin_async(self, sequence: int | None) -> None:
        """Await `pin`: stay at a release; None follows the channel again. Errors: see `pin`."""
        await self._installation.use(lambda engine: engine.pin(sequence), online=False)

    def skip(self, sequence: int | None) -> None:
        """Do not install a release; None forgets all such decisions, those of `rollback` included.

        >>> kb.skip(3)
        >>> kb.status()["refused"]
        [3]

        Raises:
            UsageError: The release is installed, or not a number.
            StorageError, BusyError: The store is broken, or in use by another writer.
        """
        run(self.skip_async(sequence))

    async def skip_async(self, sequence: int | None) -> None:
        """Await `skip`: do not install a release. Errors: see `skip`."""
        await self._installation.use(lambda engine: engine.skip(sequence), online=False)

    def set_policy(self, **choices: object) -> None:
        """Store the user's choices, by the fields of `Policy`: `set_policy(mode="notify")`.

        None returns a choice to the app's default. The policy in force is `status()["policy"]`.

        >>> kb.set_policy(mode="notify", max_update_bytes=1_000_000)
        >>> kb.status()["policy"]["mode"]
        'notify'

        Raises:
            UsageError: There is no such choice; the message lists those that there are.
            StorageError, BusyError: The store is broken, or in use by another writer.
        """
        run(self.set_policy_async(**choices))

    async def set_policy_async(self, **choices: object) -> None:
        """Await `set_policy`: store the user's choices. Errors: see `set_policy`."""
        names = {field: name for name, field in CHOICES.items()}
        by_json_name = {names.get(field, field): value for field, value in choices.items()}
        await self._installation.use(lambda engine: engine.choose(by_json_name), online=False)

    def status(self) -> dict[str, Any]:
        """Return the installed release and the known state of the channel; no request is made.

        The keys are listed in site/content/apps.md; times are ISO 8601 texts in UTC, sizes are bytes.

        >>> kb.status()["installed"]["sequence"]
        2

        Raises:
            EmptyStoreError: There is no store, and no url to fill it from.
            StorageError: The file cannot be read, or is not a store.
        """
        return run(self.status_async())

    async def status_async(self) -> dict[str, Any]:
        """Await `status`: the installed release and the known state of the channel. Errors: see `status`."""
        return await self._installation.status()

    def doctor(self, *, repair: bool = True) -> Diagnosis:
        """Examine the whole store, and repair what is broken with as few downloads as possible.

        >>> kb.doctor(repair=False).sound
        True

        Args:
            repair: Repair; needs a url. False: nothing is written.

        Raises:
            EmptyStoreError, NotAStoreError, NewerFormatError: There is no store that this version can examine.
            StorageError: It cannot be opened, for another reason than damage.
        """
        return run(self.doctor_async(repair=repair))

    async def doctor_async(self, *, repair: bool = True) -> Diagnosis:
        """Await `doctor`: examine the whole store, and repair it. Arguments and errors: see `doctor`."""
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
        """Return at most `limit` hits of the installed generation, best first.

        Words are matched as such, by meaning, misspelt, and as the beginning of the last one while it is typed.

        >>> [(hit.document, hit.text) for hit in kb.search("run hom", limit=1)]
        [('a', 'run home')]
        >>> kb.search("run", filters={"lang": "de"})
        []

        Args:
            offset: Hits to skip: those of earlier pages.
            mode: `hybrid`, `lexical` (by words alone) or `semantic` (by meaning alone).
            filters: Only documents with this metadata: `{"version": "2.0", "tags": ["pump", "oil"],
                "date": {"min": "2024-01-01"}}`. With an empty query all of them are listed, by key.
            prefer: Which place of a page to show if it has several: `{"lang": "de-AT", "version": "1.0"}`.
            group: One hit for each document, its others in `Hit.more`.
            facets: Metadata fields to count, such as `["tags", "author"]`; None: `lang`, `version` and `source`.

        Raises:
            EmptyStoreError: Nothing is installed yet.
            UsageError: `limit` is not in 1 to 1,000, `offset` not in 0 to 1,000, or a mode or type is wrong.
            SelfTestError: The installed release does not work here, and there is no previous one.
            StorageError, DamagedError, ContentError: The store is unreadable or damaged; the next `sync` repairs it.
        """
        chosen = {} if filters is None else filters, {} if prefer is None else prefer
        question = Question(query, limit, offset, mode, *chosen, group, facets)
        check_question(question)
        found = self._installation.answering().searcher.search(question)
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
        """Await `search`, which runs in a thread. Arguments and errors: see `search`."""
        search = partial(self.search, offset=offset, mode=mode, group=group, facets=facets)
        return await asyncio.to_thread(search, query, limit, filters=filters, prefer=prefer)

    def similar(self, id: str, limit: int = 10) -> Results:
        """Return passages of other documents that are nearest in meaning to a hit, best first, one a document.

        >>> hit = kb.search("run")[0]
        >>> [other.document for other in kb.similar(hit.id)]
        ['b']

        Args:
            id: Of a hit or a passage. One that the release does not have finds nothing.

        Raises:
            UsageError: `id` is malformed, or `limit` is not in 1 to 1,000.
            EmptyStoreError, SelfTestError, StorageError, DamagedError, ContentError: See `search`.
        """
        check_count("limit", limit, 1)
        return self._addressed(self._installation.answering().searcher.similar(chunk_of(id), limit))

    def _addressed(self, found: Results) -> Results:
        if self.release.sequence > 0:  # of an app's own documents no tree has a page
            found[:] = addressed(found, self._tree or self._installation.tree)
        return found

    def document(self, key: str) -> DocumentView | None:
        """Return a whole document as it was indexed, or None if the release has no such key.

        >>> [chunk.text for chunk in kb.document("a").chunks]
        ['run home']

        Raises:
            UsageError: The key is not a text.
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
        """The generation in memory. Errors: see `search`.

        >>> kb.release.sequence
        2
        """
        return self._installation.answering().opened.generation

    def reload(self) -> None:
        """Read the store again, as after another process has updated it. Errors: see `search`.

        >>> kb.reload()
        """
        run(self._installation.reload())

    # Events -----------------------------------------------------------------------------------

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the details of each such event; return a function that unsubscribes it.

        >>> stop = kb.on("updateAvailable", lambda detail: print(detail["version"]))
        >>> stop()

        Args:
            event: One of `EVENTS`; site/content/apps.md lists the details.
            listener: Called in the thread that syncs. Its exceptions are logged and have no other effect.

        Raises:
            UsageError: There is no such event.
        """
        if event not in self._listeners:
            raise UsageError(f"no event {event!r}; there are: {', '.join(EVENTS)}")
        self._listeners[event].append(listener)
        return lambda: self.off(event, listener)

    def off(self, event: str, listener: Listener) -> None:
        """Unsubscribe `listener`; one that was never added is ignored.

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

    # Closing ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Release the generation in memory. The next search reads it again.

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
