"""Exported archives of messages: JSON Lines, and in modules of their own Slack's folder, Discord's JSON, mbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum_builder.sources.base import Skipped, SourceError
from vademecum_builder.sources.cuts import Message
from vademecum_builder.sources.discord import discord_messages
from vademecum_builder.sources.mail import mails
from vademecum_builder.sources.messages import make_message
from vademecum_builder.sources.record_files import Failed, Layout, read_records
from vademecum_builder.sources.records import is_deleted
from vademecum_builder.sources.slack import slack_days, slack_messages

SHAPES: Final = ("jsonl", "slack", "discord", "mbox")


@dataclass(frozen=True)
class Export:
    """A file or a folder of messages.

    Attributes:
        path: Where it is.
        shape: One of `SHAPES`; empty: as it looks.
        fields: Of JSON Lines: what `id`, `time`, `author`, `text`, `channel`, `thread`, `reply_to`, `updated` and
            `deleted` are called in it, by these names.
        zone: Of times without one.
        where: The settings' file and line.
    """

    path: Path
    shape: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    where: str = ""

    @property
    def name(self) -> str:
        """Where it is."""
        return str(self.path)

    def read(self) -> Iterator[Message | Skipped]:
        """Yield the messages, in any order.

        Raises:
            UsageError: No such file, one that cannot be read or breaks off, or a time without a zone.
        """
        readers: Mapping[str, Callable[[], Iterator[Message | Skipped]]] = {
            "jsonl": self._json_lines,
            "slack": self._slack,
            "discord": self._discord,
            "mbox": self._mbox,
        }
        if not self.path.exists():
            raise SourceError(f"{self.where}: source.path: {self.path}: no such file or folder")
        try:
            yield from readers[self.shape or self._looks_like()]()
        except OSError as error:
            raise SourceError(
                f"{self.where}: {error.filename or self.path}: {error.strerror or error}"
            ) from None

    def _looks_like(self) -> str:
        if self.path.is_dir():
            return "slack" if next(slack_days(self.path), None) else "discord"
        if self.path.suffix.lower() in (".mbox", ".mbx"):
            return "mbox"
        with self.path.open("rb") as stream:
            head = stream.read(4096)
        if head.startswith(b"From "):
            return "mbox"
        return "discord" if self.path.suffix.lower() == ".json" and b'"guild"' in head else "jsonl"

    def _json_lines(self) -> Iterator[Message | Skipped]:
        files = sorted(self.path.rglob("*.jsonl")) if self.path.is_dir() else [self.path]
        for file in files:
            with file.open("rb") as stream:
                try:
                    for number, told in read_records(stream, ".jsonl", Layout(halves=True)):
                        yield from self._json_line(told, f"{file.name}:{number}")
                except ContentError as error:
                    raise SourceError(f"{self.where}: {file}: {error.message}") from None

    def _json_line(self, told: dict[str, Any] | Failed, key: str) -> Iterator[Message | Skipped]:
        if isinstance(told, Failed):
            yield Skipped(key, told.reason, told.said)
            return
        found = {name: told.get(field) for name, field in self.fields.items()}
        if not is_deleted(found.get("deleted")):
            yield make_message(found, self.zone, self.where, key, found.get("updated"))

    def _slack(self) -> Iterator[Message | Skipped]:
        return self._messages(slack_messages(self.path, _load))

    def _discord(self) -> Iterator[Message | Skipped]:
        for file in sorted(self.path.rglob("*.json")) if self.path.is_dir() else [self.path]:
            told = _load(file)
            if not isinstance(told, dict) or not isinstance(told.get("messages"), list):
                raise SourceError(f"{self.where}: {file}: no export of Discord: it has no list of messages")
            yield from self._messages(discord_messages(told, file.name, file.stem))

    def _mbox(self) -> Iterator[Message | Skipped]:
        for file in sorted(self.path.rglob("*.mbox")) if self.path.is_dir() else [self.path]:
            yield from self._messages(mails(file))

    def _messages(self, told: Iterable[tuple[Any, ...] | Skipped]) -> Iterator[Message | Skipped]:
        for one in told:
            if isinstance(one, Skipped):
                yield one
            else:
                key, found, *edited = one
                yield make_message(found, self.zone, self.where, key, *edited)


def _load(file: Path) -> Any:
    return _json(file.read_bytes(), str(file))


def _json(data: bytes, where: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{where}: no whole JSON ({str(error)[:100]}): is it still being written?"
        ) from None
