"""Mail (an mbox as in RFC 4155, a Maildir, `.eml`) as text: MIME, headers in any encoding, no repeated quotes."""

from __future__ import annotations

import hashlib
import mailbox
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Mail
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum_builder.sources.base import Skipped
from vademecum_builder.sources.charset import decode_text
from vademecum_builder.sources.messages.message import KeyedRecord

MAILS: Final = (".mbox", ".mbx", ".eml")
_ID: Final = re.compile(r"<([^<>\s]+)>")
_ANSWERS: Final = re.compile(r"^(?:(?:re|fwd?|aw|wg|sv|tr)(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_QUOTED_FROM: Final = re.compile(r"^>(>*From )", re.MULTILINE)
# A signature (RFC 3676, 4.3), or the line that mailing lists put above theirs.
_FOOTER: Final = re.compile(r"^(?:-- ?|_{40,})\n.*", re.MULTILINE | re.DOTALL)
# As Outlook begins a quote; what was forwarded stands nowhere else.
_ORIGINAL: Final = re.compile(
    r"^-{2,} ?(?:original message|ursprüngliche nachricht|message d['’]origine|mensaje original|mensagem original"
    r"|messaggio originale|oorspronkelijk bericht) ?-{2,}[ \t]*\n.*",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_QUOTES_WHOM: Final = re.compile(r"[ \t]*<[^<>\s]+(?:@|\s+at\s+)[^<>\s]+>(?=[^<>\n]*\n?[^<>\n]*:[ \t]*\n+>)")
"""The address of whoever is quoted, in the lines that introduce a quote."""
_ATTRIBUTION: Final = 3
"""The most lines that introduce a quote."""
_HIDDEN: Final = "script,style,head,[hidden],[style*='display:none'],[style*='display: none']"
_THROWN_AWAY: Final = re.compile(
    r"(?:.*\.)?(?:drafts?|trash|bin|deleted(?: (?:items|messages))?|junk(?: e-?mail)?|spam|outbox|unsent"
    r"(?: messages)?|entw(?:ü|&APw-)rfe|papierkorb|gel(?:ö|&APY-)schte? .*|brouillons|corbeille|ind(?:é|&AOk-)sirables"
    r"|borradores|papelera|bozze|cestino|concepten|prullenbak)",
    re.IGNORECASE,
)
_BLOCKS: Final = "p,div,tr,table,ul,ol,pre,blockquote,h1,h2,h3,h4,h5,h6"


def is_maildir(place: Path) -> bool:
    """Return whether a folder is a Maildir, with a file for each mail."""
    return all((place / name).is_dir() for name in ("cur", "new"))


def is_thrown_away(place: Path) -> bool:
    """Return whether a box is named as drafts, spam or the bin: not all programs flag the mails in these."""
    ending = place.suffix if place.suffix.lower() in MAILS else ""
    return _THROWN_AWAY.fullmatch(place.name.removesuffix(ending)) is not None


def mails(place: Path, left_out: Counter[str]) -> Iterator[KeyedRecord | Skipped]:
    """Yield the mails of a box.

    Args:
        place: An mbox, a Maildir, or a single mail.
        left_out: Counts mails that nobody has sent, such as "I am away", or that their owner has thrown away.
    """
    threads: dict[str, str] = {}
    channel = place.parent.name if place.suffix.lower() == ".eml" else place.stem.strip(".") or place.name.strip(".")
    for key, mail in _opened(place, left_out):
        if _header(mail, "Auto-Submitted").lower().startswith("auto-replied"):  # RFC 3834, 5
            left_out["automatic answers"] += 1
            continue
        try:
            found = _fields(mail)
            # Some programs refer to the answered mail alone, not to the first of the thread, which is then looked up.
            thread = threads.get(found["thread"], found["thread"])
            threads[found["id"]] = thread or threads.get(found["reply_to"], found["id"])
            yield key, {**found, "channel": channel, "thread": thread}
        except ContentError as error:
            yield Skipped(key, error.message)


def _opened(place: Path, left_out: Counter[str]) -> Iterator[tuple[str, Mail]]:
    if place.is_dir():
        files = [file for name in ("cur", "new") for file in (place / name).iterdir()]
        for file in sorted(files, key=lambda file: file.name):
            if {*file.name.rpartition(":2,")[2]} & {*"DT"} and ":2," in file.name:
                left_out["drafts, and mails in the bin"] += 1
            elif not file.name.startswith("."):
                yield file.name.partition(":")[0], message_from_bytes(file.read_bytes())
    elif place.suffix.lower() == ".eml":
        yield place.name, message_from_bytes(place.read_bytes())
    else:
        with closing(mailbox.mbox(place, create=False)) as box:
            for number, key in enumerate(box.iterkeys()):
                # As bytes: `mailbox` decodes the line between mails as ASCII, which it need not be.
                yield f"{place.name}:{number}", message_from_bytes(box.get_bytes(key, from_=True))


def _fields(mail: Mail) -> dict[str, Any]:
    author, address = parseaddr(_header(mail, "From"))
    subject, text = _header(mail, "Subject"), _text(mail)
    references = _ID.findall(_header(mail, "References"))
    answers = _ID.findall(_header(mail, "In-Reply-To")) or references[-1:]
    head = "\n".join(_header(mail, name) for name in ("From", "Date", "Subject"))
    given = _ID.search(_header(mail, "Message-ID"))
    id = given[1] if given else hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()[:32]
    return {
        "id": id,
        "time": _time(mail),
        "author": author or address,
        "text": text,
        "subject": _ANSWERS.sub("", subject, count=1),
        # The first reference began the thread (RFC 5322, 3.6.4); a mail that answers nothing begins one.
        "thread": references[0] if references else "" if answers else id,
        "reply_to": answers[0] if answers else "",
    }


def _time(mail: Mail) -> str:
    """Return when it was written, else when it was put into the box; raise ContentError if its date is wrong."""
    date = _header(mail, "Date")
    try:
        if not date:  # the line between mails, "in UTC" (RFC 4155, appendix A)
            line = mail.get_unixfrom() or ""
            at = datetime.strptime(" ".join(line.split()[-5:]), "%a %b %d %H:%M:%S %Y")
            return at.replace(tzinfo=UTC).isoformat()
        time = parsedate_to_datetime(date)
    except ValueError:
        raise ContentError(f"its date cannot be read: {date[:60]!r}") from None
    # -0000 means UTC, from an unknown place (RFC 5322, 3.3).
    return time.isoformat() + ("+00:00" if time.tzinfo is None and "-0000" in date else "")


def _header(mail: Mail, name: str) -> str:
    """Return a header on one line; for bytes without a charset, it is guessed."""
    raw = next((value for field, value in mail.raw_items() if field.lower() == name.lower()), "")
    text = _decoded(raw.encode("ascii", "surrogateescape"), "") if not raw.isascii() else raw
    try:
        parts = decode_header(text)
    except HeaderParseError:  # broken base64
        parts = [(text, None)]
    shown = (
        part if isinstance(part, str) else _decoded(part, charset) if charset else part.decode("raw-unicode-escape")
        for part, charset in parts
    )
    return " ".join("".join(shown).split())


def _text(mail: Mail) -> str:
    """Return the text: the plain parts, else those in HTML, without the signature and a quote at the end."""
    parts = [part for part in mail.walk() if part.get_content_type() in ("text/plain", "text/html")]
    parts = [part for part in parts if part.get_content_disposition() != "attachment"]
    plain = [part for part in parts if part.get_content_type() == "text/plain"]
    text = "\n\n".join(map(_plain, plain) if plain else (text_of_html(_payload(part)) for part in parts)).replace(
        "\r\n", "\n"
    )
    text = _QUOTES_WHOM.sub("", _QUOTED_FROM.sub(r"\1", text))
    return _without_quote(_ORIGINAL.sub("", _FOOTER.sub("", text))) or text


def _without_quote(text: str) -> str:
    """Return a text without a quote at its end and the lines that introduce it: the quoted mail is there too."""
    lines = text.rstrip().split("\n")
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    if end < len(lines) and end and lines[end - 1].rstrip().endswith(":"):
        first = end - 1
        while first and lines[first - 1].strip():
            first -= 1
        end = first if end - first <= _ATTRIBUTION else end - 1
    return "\n".join(lines[:end]).rstrip()


def _plain(part: Mail) -> str:
    text = _payload(part)
    # A line that ends with a space continues on the next one (RFC 3676, 4.2).
    return re.sub(r"(?<=[^-\s>]) \r?\n(?=[^>\s])", " ", text) if part.get_param("format") == "flowed" else text


def text_of_html(html: str) -> str:
    """Return the visible text of a message in HTML."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    for node in tree.css(_HIDDEN):
        node.decompose()
    for node in tree.css(_BLOCKS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    for node in tree.css("br,li"):
        node.insert_before("\n")
    text = tree.body.text() if tree.body else ""
    paragraphs = re.split(r"\n[ \t]*\n\s*", text)
    return "\n\n".join(
        filter(None, ("\n".join(" ".join(line.split()) for line in one.split("\n")).strip() for one in paragraphs))
    )


def _payload(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    return _decoded(payload, part.get_content_charset() or "") if isinstance(payload, bytes) else ""


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset or "utf-8")
    except (LookupError, ValueError):  # `idna` raises neither LookupError nor UnicodeDecodeError
        try:
            return decode_text(data).text
        except ContentError:
            return ""
