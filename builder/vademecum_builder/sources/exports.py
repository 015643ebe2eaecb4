"""Exported archives of messages: JSON Lines, Slack's folder, Discord's JSON, mbox."""

from __future__ import annotations

import html
import json
import mailbox
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

from vademecum.errors import ContentError, UsageError
from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.charset import decode_text
from vademecum_builder.sources.cuts import Message
from vademecum_builder.sources.messages import make_message
from vademecum_builder.sources.record_files import Failed, Layout, read_records
from vademecum_builder.sources.table import is_deleted

SHAPES: Final = ("jsonl", "slack", "discord", "mbox")
_SLACK_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\.json")
_SLACK_MARKUP: Final = re.compile(r"<([@#!]?)([^<>|\s]+)(?:\|([^<>]*))?>")
_SAYS_NOTHING: Final = frozenset(
    {"channel_join", "channel_leave", "channel_topic", "channel_purpose", "bot_add"}
)


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
            raise UsageError(f"{self.where}: source.path: {self.path}: no such file or folder")
        try:
            yield from readers[self.shape or self._looks_like()]()
        except OSError as error:
            raise UsageError(
                f"{self.where}: {error.filename or self.path}: {error.strerror or error}"
            ) from None

    def _looks_like(self) -> str:
        if self.path.is_dir():
            return "slack" if next(_slack_days(self.path), None) else "discord"
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
                    raise UsageError(f"{self.where}: {file}: {error.message}") from None

    def _json_line(self, told: dict[str, Any] | Failed, key: str) -> Iterator[Message | Skipped]:
        if isinstance(told, Failed):
            yield Skipped(key, told.reason, told.said)
            return
        found = {name: told.get(field) for name, field in self.fields.items()}
        if not is_deleted(found.get("deleted")):
            yield make_message(found, self.zone, self.where, key, found.get("updated"))

    def _slack(self) -> Iterator[Message | Skipped]:
        users = {
            user.get("id"): (user.get("profile") or {}).get("display_name")
            or user.get("real_name")
            or user.get("name")
            for user in (_load(self.path / "users.json") if (self.path / "users.json").exists() else ())
        }
        for file in _slack_days(self.path):
            for number, told in enumerate(_load(file)):
                if told.get("subtype") in _SAYS_NOTHING or told.get("type", "message") != "message":
                    continue
                author = users.get(told.get("user")) or (told.get("user_profile") or {}).get("display_name")
                found = {
                    "id": told.get("ts"),
                    "time": told.get("ts"),
                    "author": author or told.get("username") or told.get("user"),
                    "text": _slack_text(str(told.get("text") or ""), users),
                    "channel": file.parent.name,
                    "thread": told.get("thread_ts"),
                }
                edited = (told.get("edited") or {}).get("ts")
                yield make_message(
                    found, self.zone, self.where, f"{file.parent.name}/{file.name}:{number}", edited
                )

    def _discord(self) -> Iterator[Message | Skipped]:
        for file in sorted(self.path.rglob("*.json")) if self.path.is_dir() else [self.path]:
            told = _load(file)
            if not isinstance(told, dict) or not isinstance(told.get("messages"), list):
                raise UsageError(f"{self.where}: {file}: no export of Discord: it has no list of messages")
            for number, one in enumerate(told["messages"]):
                author = one.get("author") or {}
                found = {
                    "id": one.get("id"),
                    "time": one.get("timestamp"),
                    "author": author.get("nickname") or author.get("name"),
                    "text": one.get("content"),
                    "channel": (told.get("channel") or {}).get("name") or file.stem,
                    "reply_to": (one.get("reference") or {}).get("messageId"),
                }
                yield make_message(
                    found, self.zone, self.where, f"{file.name}:{number}", one.get("timestampEdited")
                )

    def _mbox(self) -> Iterator[Message | Skipped]:
        for file in sorted(self.path.rglob("*.mbox")) if self.path.is_dir() else [self.path]:
            box = mailbox.mbox(file, create=False)
            try:
                for number, mail in enumerate(box):
                    yield self._mail(mail, file.stem, f"{file.name}:{number}")
            finally:
                box.close()

    def _mail(self, mail: Mail, channel: str, key: str) -> Message | Skipped:
        author, address = parseaddr(_header(mail, "From"))
        try:
            time = parsedate_to_datetime(str(mail["Date"]))
        except ValueError:
            return Skipped(key, f"its date is none: {str(mail['Date'])[:60]!r}")
        subject, text = _header(mail, "Subject"), _mail_text(mail)
        found = {
            "id": _header(mail, "Message-ID").strip("<>") or None,
            # -0000 says: in UTC, and nothing of where (RFC 5322, 3.3).
            "time": time.isoformat()
            + ("+00:00" if time.tzinfo is None and "-0000" in str(mail["Date"]) else ""),
            "author": author or address,
            "text": f"{subject}\n\n{text}" if subject else text,
            "channel": channel,
            "reply_to": _header(mail, "In-Reply-To").strip().strip("<>"),
        }
        return make_message(found, self.zone, self.where, key)


def _slack_days(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.glob("*/*.json")) if _SLACK_DAY.fullmatch(file.name))


def _slack_text(text: str, users: Mapping[Any, Any]) -> str:
    def plain(match: re.Match[str]) -> str:
        kind, target, label = match.groups()
        if kind == "@":
            return f"@{users.get(target) or label or target}"
        return f"{kind.strip('!')}{label or target}" if kind else f"{label} ({target})" if label else target

    return html.unescape(_SLACK_MARKUP.sub(plain, text))


def _load(file: Path) -> Any:
    return _json(file.read_bytes(), str(file))


def _json(data: bytes, where: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: no whole JSON ({str(error)[:100]}): is it still being written?") from None


def _header(mail: Mail, name: str) -> str:
    try:
        return str(make_header(decode_header(str(mail.get(name) or ""))))
    except (LookupError, ValueError):
        return str(mail.get(name) or "")


def _mail_text(mail: Mail) -> str:
    parts = [part for part in mail.walk() if part.get_content_type() in ("text/plain", "text/html")]
    parts = [part for part in parts if part.get_content_disposition() != "attachment"]
    plain = [part for part in parts if part.get_content_type() == "text/plain"]
    if plain:
        return "\n\n".join(map(_decoded, plain))
    from selectolax.lexbor import LexborHTMLParser

    bodies = (LexborHTMLParser(_decoded(part)).body for part in parts)
    return "\n\n".join(" ".join(body.text(separator=" ").split()) for body in bodies if body)


def _decoded(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        try:
            return decode_text(payload).text
        except ContentError:
            return ""
