"""Exported archives of messages: records (JSON, JSON Lines, CSV), and, each in a module of its own, the exports of
Slack, Discord, Telegram, Matrix and Mattermost, logs of WhatsApp and IRC, and mail."""

from __future__ import annotations

import json
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum_builder.sources.base import Skipped, SourceError, refuse_pointer
from vademecum_builder.sources.charset import decode_text
from vademecum_builder.sources.formats.record_files import Layout, read_records
from vademecum_builder.sources.messages.chat_logs import irc_messages, is_irc, is_whatsapp, whatsapp_messages
from vademecum_builder.sources.messages.cuts import Message
from vademecum_builder.sources.messages.discord import discord_messages, discord_rows
from vademecum_builder.sources.messages.mail import MAILS, is_maildir, is_thrown_away, mails, text_of_html
from vademecum_builder.sources.messages.matrix import matrix_messages
from vademecum_builder.sources.messages.mattermost import mattermost_messages
from vademecum_builder.sources.messages.message import MESSAGES, NOT_FOR_EVERYBODY, KeyedRecord, make_message
from vademecum_builder.sources.messages.slack import slack_days, slack_messages
from vademecum_builder.sources.messages.telegram import telegram_messages
from vademecum_builder.sources.private_fields import why_private
from vademecum_builder.sources.records import Failed, Numbered, Record, field_at, ids_in, is_deleted

SHAPES: Final = ("jsonl", "slack", "discord", "telegram", "mattermost", "matrix", "whatsapp", "irc", "mbox")
CANNOT_UNPACK: Final = (
    OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError
)  # fmt: skip
"""How unpacking may fail: a password (RuntimeError), another compression (NotImplementedError), damage."""
UNPACK_IT: Final = "unpack it with the program that packed it, and name the folder; or export it again"
_DIGITS = re.compile(r"[\d_. -]+")
_LINES: Final = (".jsonl", ".ndjson")
_OTHERS: Final = (".json", ".csv", ".tsv")
_CHAT_WITH: Final = re.compile(
    r"^(?:WhatsApp[- ]Chat (?:with|mit|-|–)|Chat (?:de )?WhatsApp con|(?:Conversation|Discussion) WhatsApp avec|"
    r"Conversa do WhatsApp com|WhatsApp-chat met) |\.zip$"
)
_MATTERMOST: Final = re.compile(rb'\s*\{"type":\s*"version"')
_HTML: Final = re.compile(r"\s*<\w[^>]*>.*</\w+>\s*", re.DOTALL)
_MOST_UNPACKED: Final = 4 * 2**30


@dataclass(frozen=True)
class Export:
    """A file or a folder of messages.

    Attributes:
        shape: One of `SHAPES`; empty: recognised by its content.
        fields: For records: the fields of `id`, `time`, `author`, `text`, `channel`, `thread`, `reply_to`, `updated`
            and `deleted`, by these names; `from.name` for nested ones.
        zone: Of times without one.
        where: The settings' file and line.
        records: For records: the path of the list in JSON; empty: the only list.
        private: Whether to take chats of two people, and messages that are not public, too.
        left_out: What the last reading left out, by reason; complete when everything was read.
    """

    path: Path
    shape: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    where: str = ""
    records: str = ""
    private: bool = False
    left_out: Counter[str] = field(default_factory=Counter, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def read(self) -> Iterator[Message | Skipped]:
        """Yield the messages, in any order.

        Raises:
            UsageError: No such file, one that cannot be read or breaks off, or a time without a zone.
        """
        readers: Mapping[str, Callable[[], Iterator[KeyedRecord | Skipped]]] = {
            "jsonl": self._records,
            "slack": lambda: slack_messages(self.path, _load, self._private),
            "discord": self._discord,
            "telegram": self._telegram,
            "mattermost": self._mattermost,
            "matrix": self._matrix,
            "whatsapp": lambda: self._lines(whatsapp_messages),
            "irc": lambda: self._lines(irc_messages),
            "mbox": self._mbox,
        }
        self.left_out.clear()
        if not self.path.exists():
            raise SourceError(f"{self.where}: source.path: {self.path}: no such file or folder")
        try:
            if self.path.is_file():
                with self.path.open("rb") as stream:
                    refuse_pointer(stream, f"{self.where}: {self.path}")
            if zipfile.is_zipfile(self.path):
                with TemporaryDirectory() as folder:
                    inner = self._unpacked(Path(folder) / self.path.name)
                    if zipfile.is_zipfile(inner):
                        what = "it holds another packed file: unpack it, and name that one"
                        raise SourceError(f"{self.where}: {self.path}: {what}")
                    yield from replace(self, path=inner).read()
                    if packed := sum(file.suffix.lower() == ".zip" for file in inner.rglob("*")):
                        self.left_out["packed files in a packed export"] = packed
                return
            for one in readers[self.shape or self._looks_like()]():
                yield one if isinstance(one, Skipped) else make_message(one[1], self.zone, self.where, one[0])
        except OSError as error:
            raise SourceError(f"{self.where}: {error.filename or self.path}: {error.strerror or error}") from None

    @property
    def _private(self) -> Counter[str] | None:
        """Counts messages of private chats; None: they are taken."""
        return None if self.private else self.left_out

    def _looks_like(self) -> str:
        if self.path.is_dir():
            if is_maildir(self.path):
                return "mbox"
            lines = next((file for file in self._files(*_LINES)), None)
            if lines and _MATTERMOST.match(lines.read_bytes()[:100]):
                return "mattermost"
            if next(slack_days(self.path), None):
                return "slack"
        first = next(iter(self._files(*_LINES, *_OTHERS, ".txt", ".log", *MAILS)), self.path)
        if first.is_dir():
            return "discord"  # its reader reports what is missing
        with first.open("rb") as stream:
            return shape_of(stream.read(4096), first.suffix.lower()) or "jsonl"

    def _unpacked(self, folder: Path) -> Path:
        try:
            with zipfile.ZipFile(self.path) as packed:
                if sum(one.file_size for one in packed.infolist()) > _MOST_UNPACKED:
                    raise SourceError(f"{self.where}: {self.path}: more than 4 GB: unpack it, and name its folder")
                folder.mkdir()
                packed.extractall(folder)
        except CANNOT_UNPACK as error:
            raise SourceError(f"{self.where}: {self.path}: cannot be read ({error}): {UNPACK_IT}") from None
        inner = [one for one in folder.iterdir() if not one.name.startswith(("__MACOSX", "."))]
        return inner[0] if len(inner) == 1 else folder

    def _files(self, *endings: str) -> list[Path]:
        found = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sorted(file for file in found if file == self.path or file.suffix.lower() in endings)

    def _records(self) -> Iterator[KeyedRecord | Skipped]:
        # Beside JSON Lines with messages there may be other records: users, channels.
        files = self._files(*_LINES) or self._files(*_OTHERS)
        # Files whose names differ in more than days or numbers are each a channel.
        several = "channel" not in self.fields and len({_DIGITS.sub("", file.stem) for file in files}) > 1
        withheld = self._withheld(files)
        for file in files:
            channel = file.relative_to(self.path).with_suffix("").as_posix() if several else ""
            for number, record in self._records_of(file):
                if withheld.intersection(self._answered(record)):
                    self.left_out["answers to messages that are not public"] += 1
                else:
                    yield from self._record(record, f"{file.name}:{number}", channel)

    def _withheld(self, files: Sequence[Path]) -> set[str]:
        """Return the ids of messages that are not public, and of answers to them."""
        found: set[str] = set()
        answers: list[tuple[str, str]] = []
        if self.private or not {"reply_to", "thread"} & {*self.fields}:
            return found
        for file in files:
            for _, record in self._records_of(file):
                if not isinstance(record, Failed):
                    ids = ids_in(field_at(record, self.fields["id"]))
                    answers += [(other, id) for other in self._answered(record) for id in ids]
                    found.update(ids if self._why_private(record) else ())
        while more := {id for other, id in answers if other in found} - found:
            found |= more
        return found

    def _answered(self, record: Record) -> list[str]:
        """Return the ids of the messages that a message answers."""
        if isinstance(record, Failed):
            return []
        named = (self.fields[role] for role in ("reply_to", "thread") if role in self.fields)
        return [id for name in named for id in ids_in(field_at(record, name))]

    def _why_private(self, record: Mapping[str, Any]) -> str:
        named = self.fields.values()
        said = {name: record[name] for name in record if name not in named}
        return "" if self.private else why_private(said, table=MESSAGES)

    def _lines(
        self, read: Callable[[Iterable[str], str, Counter[str]], Iterator[KeyedRecord | Skipped]]
    ) -> Iterator[KeyedRecord | Skipped]:
        for file in self._files(".txt", ".log", ".weechatlog"):
            # An iPhone names every chat `_chat.txt`; its folder or archive has the chat's name.
            name = _CHAT_WITH.sub("", file.resolve().parent.name if file.stem == "_chat" else file.stem)
            lines = decode_text(file.read_bytes()).text.splitlines()
            yield from read(lines, name, self.left_out)

    def _export(self, file: Path, program: str, *names: str) -> dict[str, Any]:
        """Return the object in a JSON file of an export, with messages under one of these names."""
        export = _load(file)
        if not isinstance(export, dict) or not any(isinstance(export.get(name), list | dict) for name in names):
            raise SourceError(f"{self.where}: {file}: no export of {program}: it has no {' and no '.join(names)}")
        return export

    def _telegram(self) -> Iterator[KeyedRecord | Skipped]:
        for file in self._files(".json"):
            export = self._export(file, "Telegram", "messages", "chats")
            yield from telegram_messages(export, file.name, self._private)

    def _record(self, record: Record, key: str, channel: str) -> Iterator[KeyedRecord | Skipped]:
        if isinstance(record, Failed):
            yield Skipped(key, record.reason, record.said)
            return
        found = {name: field_at(record, field) for name, field in self.fields.items()}
        found |= {"channel": channel} if channel else {}
        if isinstance(text := found.get("text"), str) and _HTML.fullmatch(text):
            found["text"] = text_of_html(text)
        if said := self._why_private(record):
            self.left_out[NOT_FOR_EVERYBODY.format(said)] += 1
        elif not is_deleted(found.get("deleted")):
            yield key, found

    def _discord(self) -> Iterator[KeyedRecord | Skipped]:
        for file in self._files(".json", ".csv"):
            if file.suffix.lower() == ".csv":
                yield from discord_rows(self._records_of(file), file.name, file.stem)
            else:
                export = self._export(file, "Discord", "messages")
                yield from discord_messages(export, file.name, file.stem)

    def _mattermost(self) -> Iterator[KeyedRecord | Skipped]:
        for file in self._files(*_LINES):
            yield from mattermost_messages(self._records_of(file), file.name, self._private)

    def _records_of(self, file: Path) -> Numbered:
        ending = file.suffix.lower() if file.suffix.lower() in (*_LINES, *_OTHERS) else ".jsonl"
        with file.open("rb") as stream:
            try:
                yield from read_records(stream, ending, Layout(self.records, halves=True))
            except ContentError as error:
                raise SourceError(f"{self.where}: {file}: {error.message}") from None

    def _mbox(self) -> Iterator[KeyedRecord | Skipped]:
        if self.path.is_file():
            yield from mails(self.path, self.left_out)
            return
        for place in [self.path, *sorted(self.path.rglob("*"))]:  # the folders of a Maildir are inside it
            is_box = place.suffix.lower() in MAILS and place.is_file()
            if place != self.path and (is_box or is_maildir(place)) and is_thrown_away(place):
                self.left_out["folders of drafts, of spam and of what was thrown away"] += 1
            elif is_box or is_maildir(place):
                yield from mails(place, self.left_out)

    def _matrix(self) -> Iterator[KeyedRecord | Skipped]:
        for file in self._files(".json"):
            yield from matrix_messages(self._export(file, "Matrix", "messages"), file.name, self.left_out)


def shape_of(head: bytes, ending: str) -> str:
    """Return the shape of an archive that begins like this; empty: unknown."""
    if ending in MAILS or head.startswith(b"From "):
        return "mbox"
    text = head.decode("utf-8", "ignore").removeprefix("\ufeff")
    if ending in _LINES:
        return "mattermost" if _MATTERMOST.match(head) else ""
    if ending == ".csv":
        return "discord" if re.match(r'"?AuthorID"?,"?Author"?,"?Date"?,"?Content\b', text) else ""
    if ending == ".json":
        telegram = '"text_entities"' in text or '"about": "Here is the data you requested' in text
        matrix = '"room_name"' in text and '"exported_by"' in text
        return "telegram" if telegram else "matrix" if matrix else "discord" if '"guild"' in text else ""
    if ending in (".txt", ".log", ".weechatlog", ""):
        return "whatsapp" if is_whatsapp(text) else "irc" if is_irc(text) else ""
    return ""


def _load(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{file}: not whole JSON ({str(error)[:100]}): is it still being written?") from None
