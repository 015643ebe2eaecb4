"""Proposals for records that were found: a catalog, a table, or an archive of messages."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from vademecum_builder.discovery.fields import SLUG, FieldFound
from vademecum_builder.discovery.roles import NOW, names_an_id, proposal, zone_of
from vademecum_builder.kinds.formats import AUTO, MARKDOWN
from vademecum_builder.readers.slugs import ascii_of
from vademecum_builder.sources.catalog import ALL
from vademecum_builder.sources.private_fields import UNREADABLE, is_private, plain_name, shown_when, why_not_now
from vademecum_builder.sources.records import field_at, ids_in

MESSAGE: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"(?:.*_)?(?:{'|'.join(words.split()).replace('_', '_?')})", re.IGNORECASE)
    for name, words in {
        "time": """
            date_gmt date_utc time timestamp ts date sent sent_at created created_at created_on created_date create_at
            posted posted_at posted_on date_time unixtime datum zeit zeitpunkt zeitstempel gesendet(?:_am)?
            erstellt(?:_am)? fecha fecha_hora hora enviad[oa](?:_e[mn])? cread[oa](?:_en)? criado(?:_em)? horodatage
            envoye(?:_le)? cree(?:_le)? data_ora data_hora inviato(?:_il)? tijdstip verzonden(?:_op)?
        """,
        "author": """
            author sender from user username nick nickname from_user member user_name display_name user_id author_id
            sender_id from_id member_id poster poster_id (?:author|sender|user|from|creator)_(?:full_)?name
            absender verfasser autor[ea]? auteur nutzer benutzer mitglied
            remitente usuario expediteur utilisateur mittente utente remetente afzender gebruiker
        """,
        "text": """
            text body content message msg raw inhalt nachricht texto texte testo mensaje contenido contenu messaggio
            contenuto mensagem conteudo inhoud bericht
        """,
        "channel": """
            channel room room_id channel_id channel_name conversation conversation_id chat chat_id kanal raum canal sala
            salon canale stanza kanaal rid
        """,
        "thread": """
            thread thread_id thread_ts topic topic_id root_id discussion discussion_id ticket_id issue_id
            comment_post_id thema faden hilo tema fil sujet discussione topico
        """,
        "reply-to": """
            reply_to in_reply_to parent parent_id reply_to_id answers?_to antwort_auf respuesta_[ad]e? reponse_a
            risposta_a resposta_a antwoord_op
        """,
        "updated": """
            updated updated_at edited edited_at modified_at edited_date_time update_at edit_at edit_time edit_date
            geae?ndert(?:_am)? bearbeitet(?:_am)? modificad[oa] modificato editado actualizado atualizado
            modifie(?:_le)? gewijzigd(?:_op)?
        """,
        "deleted": """
            deleted deleted_at is_deleted removed deleted_date_time delete_at geloe?scht(?:_am)? borrad[oa] eliminad[oa]
            eliminato cancellato supprime(?:_le)? apagad[oa] excluid[oa] verwijderd(?:_op)?
        """,
    }.items()
}
"""Names of the fields of messages in several languages, without accents."""
_IDS = ("id", "_id", "event_id", "message_id", "msg_id", "uuid")
_LATER = ("thread", "reply-to", "updated", "deleted")
"""Fields that may be empty in every row of the sample."""
_CHAT = re.compile(
    r"(?:.*_)?(?:messages?|msgs?|chats?|posts?|comments?|irc|conversations?|talks?|logs?|mails?|slack|room|nachrichten|"
    r"beitrae?ge|verlauf|gespraeche|mensajes?|mensagens|messaggi|berichten|comentarios?|commentaires?|kommentare?)(?:_.*)?",
    re.IGNORECASE,
)
"""Names of archives of messages."""
_SENDER = re.compile(r"(?:.*_)?(?:sender|from|nick|poster|absender|remitente|mittente|afzender)(?:_.*)?", re.IGNORECASE)
"""Fields that only messages have for their author; articles and reviews have an `author`."""
_NO_CHAT = re.compile(r"(?:.*_)?(?:title|headline|rating|stars|price|sku|product|product_id|slug)", re.IGNORECASE)
"""Fields that messages do not have: reviews, articles and orders have an author, a time and a text, too."""


@dataclass(frozen=True)
class Proposal:
    """A proposed `[[source]]`.

    Attributes:
        settings: By key, as written in the file.
        notes: What to look at before publishing.
    """

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def missing(self) -> str:
        """The setting that is missing before anything can be built; empty: none."""
        needs = self.kind in ("catalog", "sql") and "id" not in self.settings
        return "id: the field that identifies a record" if needs else ""

    def toml(self, name: str = "") -> str:
        """Return the lines for the settings file, under this name or its own."""
        told = {"name": name or self.name, "kind": self.kind} | dict(self.settings)
        # JSON strings are basic strings of TOML 1.0, which has all their escapes, and JSON lists of strings are arrays.
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
        missing = [f"# {self.missing}"] if self.missing else []
        return "\n".join(["[[source]]", *(f"# {note}" for note in self.notes), *lines, *missing]) + "\n"


def of_records(
    name: str, kind: str, where: dict[str, Any], fields: Sequence[FieldFound], count: int, keys: Sequence[str] = ()
) -> Proposal:
    """Return a source that makes a document of each of these records.

    Args:
        kind, where: The kind, and the settings for the place of the records.
        count: How many were looked at.
        keys: Fields that identify a record, as declared in a database.
    """
    told = proposal(fields, count, keys)
    texts = [one for one in fields if one.name in (*told["text"], told.get("title"))]
    if any(one.is_marked for one in texts):
        # A catalog has `auto` by default; the texts of databases are HTML just as often.
        told |= {"format": AUTO} if kind == "sql" else {}
    elif any(one.is_markdown for one in texts):
        told["format"] = MARKDOWN
    notes = []
    private = [one.name for one in fields if one.is_private and one.name != told.get("id")]
    if private:
        notes.append(f"private, so left out: {', '.join(private)}")
    if hidden := [one.name for one in fields if any(is_private(one.name, value) for value in one.values)]:
        notes.append(_HIDDEN.format(", ".join(hidden), json.dumps(hidden, ensure_ascii=False)))
    for one in fields:
        shown = {said for said in one.values if not is_private(one.name, said)}
        asked = (one.name in hidden and said_public(shown)) or (one.name not in hidden and _is_state(one))
        if asked and (others := shown - said_public(shown)):
            notes.append(
                f"records whose {one.name} is {', '.join(sorted(others))} are published: are they meant to be?"
            )
    if unread := [one.name for one in fields if any(_is_no_time(one.name, value) for value in one.values)]:
        notes.append(_NO_TIMES.format(", ".join(unread), json.dumps(unread, ensure_ascii=False)))
    notes += [_GONE_TOO.format(one.name) for one in fields if _says_gone(one)]
    if same := [
        one.name for one in fields if one.is_the_same(count) and one.name not in str(told) and not one.is_private
    ]:
        notes.append(f"the same in every record, so left out: {', '.join(same)}")
    if "link" not in told and (slug := next((one.name for one in fields if SLUG.fullmatch(one.name)), "")):
        notes.append(_NO_LINK.format(slug))
    if "zone" in told:
        notes.append(ZONE)
    return Proposal(name, kind, where | told, notes)


def _says_gone(one: FieldFound) -> bool:
    """Return whether some records are about something that no longer exists, such as a product that is not sold any
    more."""
    if _GONE.fullmatch(plain_name(one.name)) or (one.name == "closed" and one.type == "truth"):
        return any(value.lower() not in _NOT for value in one.values)
    return one.is_group and any(map(_GONE.fullmatch, one.values))


def _is_no_time(name: str, value: str) -> bool:
    """Return whether a field named as a time of publication has a value that is not a time."""
    when = shown_when(name)
    return bool(when) and why_not_now(when, value, datetime.max.replace(tzinfo=UTC)) == UNREADABLE


def _is_state(one: FieldFound) -> bool:
    """Return whether a field has a few states with unknown meanings: in another language, or as numbers."""
    return _STATE.fullmatch(plain_name(one.name)) is not None and 1 < len(one.values) <= _STATES


def said_public(states: Collection[str]) -> set[str]:
    """Return the states that mean that a record is published; the others may come before publication."""
    return {one for one in states if one.lower() in ("published", "publish", "public", "veröffentlicht", "publié")}


def completed(found: Proposal, fields: Sequence[FieldFound]) -> Proposal:
    """Return a proposal that can be built: whoever names a file of records wants them, whatever they hold."""
    told, notes = dict(found.settings), list(found.notes)
    # Without prose, what is to be read in lists becomes the text, or the fields that there are; without `text`, all
    # text fields do.
    read = [one.name for one in fields if (one.has_objects or one.is_long) and not one.is_private]
    told["text"] = told["text"] or read or [one.name for one in fields if one.type == "text" and not one.is_private]
    if not {*told["text"]} - {told.get("id")} and "title" not in told:
        notes.append("no field has words in it, so nobody finds a record: is it to be joined to another file?")
    if not told["text"]:
        del told["text"]
    if "id" not in told:
        told = {"path": told.pop("path"), "id": ALL} | told
        notes.append("no field identifies a record: an edited one is reported as removed and added")
    return replace(found, settings=told, notes=notes)


_GONE = re.compile(r"(?:is_)?(?:archived|discontinued|retired|obsolete|withdrawn)(?:_(?:at|on|date))?", re.IGNORECASE)
_STATE = re.compile(
    r"(?:_|(?:post|page|product|article|content|entry|workflow|publication|publish(?:ed|ing)?)_)?status", re.IGNORECASE
)
_STATES = 10
_NOT = ("false", "no", "0", "f", "n")
_GONE_TOO = "records that are no longer current by {} are published, too: are they meant to be?"
_HIDDEN = "left out are drafts and private records, by: {}; if the field does not mean that, write drafts = {}"
_NO_TIMES = "records whose {} cannot be read are left out; if it is not a time of publication, write drafts = {}"
_NO_LINK = 'no field has the address of a page: if its end is in {0}, write link = "https://example.org/{{{0}}}"'
ZONE = "the times have no zone: is it this one?"


def of_messages(
    table: str, where: dict[str, Any], fields: Sequence[FieldFound], keys: Sequence[str], columns: Sequence[str]
) -> Proposal | None:
    """Return an archive of messages, if each record has a time, an author and a text, and they are named as messages or
    have a channel, a thread, or answers; None: they are not messages.

    Args:
        table: Their name.
        where: The settings for their place.
        keys: Fields that identify a record, as declared in a database.
        columns: All column names: one that is still empty may later mark a message as edited, deleted or an answer.
    """
    there = {one.name for one in fields}
    empty = [FieldFound(name) for name in columns if name not in there]
    named: dict[str, FieldFound] = {}
    for role, words in MESSAGE.items():
        fit = [
            one
            for one in (*fields, *(empty if role in _LATER else ()))
            if words.fullmatch(plain_name(one.name)) and one.name not in keys and one not in named.values()
        ]
        if role == "time":
            fit = [one for one in fit if one.type in ("time", "number")]
        if fit:
            # An author's name says more than an account number; a time is best recognised by its name.
            named[role] = min(
                fit,
                key=lambda one: (
                    role == "author" and plain_name(one.name).lower().endswith("id"),
                    role == "time" and not one.name.lower().endswith(("gmt", "utc")),
                    len(one.name),
                ),
            )
    ids = [*keys, *(one.name for one in fields if one.name.lower() in _IDS)]
    sent = "author" in named and _SENDER.fullmatch(plain_name(named["author"].name))
    called = sent or _CHAT.fullmatch(plain_name(table)) or {"channel", "thread", "reply-to"} & named.keys()
    other = any(_NO_CHAT.fullmatch(plain_name(one.name)) for one in fields)
    if not ids or not called or other or not {"time", "author", "text"} <= named.keys():
        return None
    told = {"id": ids[0]} | {role: one.name for role, one in named.items()}
    told = {role: name for role, name in told.items() if role != name or role not in ("id", "time", "author", "text")}
    zone = zone_of(named["time"])
    return Proposal(name_of(table), "messages", where | told | zone, [ZONE] if zone else [])


def of_their_own(records: Sequence[Mapping[str, Any]], key: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the fields by which records refer to others among them, as an answer refers to its message: fields with
    such a name and ids of these records, or with the name of an id and only ids of other records; if these are numbers,
    only of earlier records, unlike a user's number.

    Args:
        key: The field that identifies a record.
        names: The fields to look at.
    """
    ids = {id for record in records for id in ids_in(record.get(key))}
    for name in names:
        said = [(one, "".join(ids_in(record.get(key)))) for record in records for one in ids_in(field_at(record, name))]
        said = [(one, own) for one, own in said if one != "0"]  # WordPress writes 0 for no parent
        is_answer = MESSAGE["reply-to"].fullmatch(plain_name(name)) is not None
        is_named = is_answer or (names_an_id(name) and not NOW.match(plain_name(name)))
        if name == key or not is_named or not any(one in ids for one, _ in said):
            continue
        if is_answer or all(one in ids and _is_earlier(one, own) for one, own in said):
            yield name


def _is_earlier(one: str, own: str) -> bool:
    return not (one.isdecimal() and own.isdecimal()) or int(one) < int(own)


def name_of(text: str) -> str:
    """Return the name of a source, derived from another name."""
    return re.sub(r"[^a-z0-9]+", "-", ascii_of(text).lower()).strip("-")[:40].strip("-") or "source"
