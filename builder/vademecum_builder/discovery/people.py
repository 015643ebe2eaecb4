"""Private tables and record files, recognised by their names and those of their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vademecum_builder.discovery.fields import FieldFound
from vademecum_builder.sources.private_fields import is_named_private, plain_name

_PEOPLE: Final = re.compile(
    r"(?:.*_)?(?:users?|customers?|members?|accounts?|persons?|people|contacts?|employees?|staff|patients?|subscribers?|guests?"
    r"|leads?|logins?|auth|kunden?|(?:be)?nutzer|mitglied(?:er)?|personen|mitarbeiter|patienten|utilisateurs?|membres?"
    r"|clientes?|usuarios?|personas?|empleados?|clienti|utenti|klanten|gebruikers?)(?:_.*)?",
    re.IGNORECASE,
)
_PROGRAM: Final = re.compile(
    r"(?:.*_)?(?:sessions?|tokens?|migrations?|cache|options|settings|config|configuration|preferences|jobs?|queue"
    r"|(?:admin|audit|access|error|event|activity|request|system|sync|mail|import)_logs?|oauth|secrets?"
    r"|bans?|ban_?lists?|banned|coupons?|vouchers?|gift_?cards?|gutscheine?|credentials?|usermeta|schema|content_types?|versions?|revisions?|(?:post|page|edit|change)_?histor(?:y|ies))(?:_.*)?"
    r"|(?:django|pg|ar_internal|active_storage|moz)_.*",
    re.IGNORECASE,
)
"""A program's own tables: sessions, keys, settings, the history of Firefox. They are not knowledge."""
_LOGS: Final = re.compile(r"(?:.*_)?logs?", re.IGNORECASE)
_REPORTS: Final = re.compile(r"(?:.*_)?(?:reports?|flags?|warnings?|infractions?)", re.IGNORECASE)
"""What moderators are told of somebody, if it names what he wrote."""
_WRITTEN: Final = re.compile(r"(?:.*_)?(?:post|comment|topic|message|thread)_?id", re.IGNORECASE)
_VISITS: Final = re.compile(r"visit_?count|last_?visit(?:ed)?_?(?:at|date|time)", re.IGNORECASE)
"""The history of browsers: where somebody has been."""
_BETWEEN_TWO: Final = re.compile(
    r"(?:.*_)?(?:(?:priv(?:ate)?|personal|direct)_?(?:msg|message|chat|topic)s?|pms?|dms?|pmtext|conversation_messages?"
    r"|drafts?|whispers?)(?:_.*)?",
    re.IGNORECASE,
)
"""Private messages, as forums name them."""
_DEALINGS: Final = re.compile(
    r"(?:.*[_ ])?(?:orders?|invoices?|purchases?|payments?|sales|rentals?|loans?|reservations?|bookings?|carts?"
    r"|baskets?|checkouts?|refunds?|shipments?|transactions?|subscriptions?|appointments?|receipts?|line_?items?"
    r"|(?:order|invoice|cart|basket|purchase)(?:items?|lines?|details?)"
    r"|tickets?|complaints?|[ei]nquir(?:y|ies)"
    r"|annotations?|bookmarks?|highlights?|favou?rites?|(?:watch|wish|reading)_?lists?|(?:watch|play|search|reading)_?history"
    r"|bestell(?:ung(?:en)?|posit\w+|zeilen?)|rechnung(?:en|s\w+)?|auftra(?:g|e?ge|gs\w+)|(?:zahl|buch|reservier|liefer)ung(?:en)?"
    r"|ausleihen?|warenk(?:orb|oe?rbe)|commandes?|factures?|paiements?|paniers?|emprunts?|pedidos?|facturas?|pagos?|reservas?"
    r"|carritos?|prestamos?|ordin[ei]|fattur[ae]|pagament[io]|prenotazion[ei]|carrell[io]|(?:bestell|betal|reserver)ing(?:en)?"
    r"|factu(?:ur|ren)"
    r")(?:[_ ].*)?",
    re.IGNORECASE,
)
_DEALING_ID: Final = re.compile(
    r"(?:.*_)?(order|invoice|purchase|payment|sale|rental|reservation|booking|cart|basket|checkout|shipment|transaction"
    r"|subscription|appointment|receipt|ticket|complaint|[ei]nquiry|bestellung|rechnung|auftrag|buchung|commande|facture"
    r"|pedido|factura|ordine|fattura|bestelling|factuur)s?(?:_?(?:item|line))?_?(?:id|no|nr|num|number|nummer|key)",
    re.IGNORECASE,
)
"""The order that a line belongs to: so the line says what somebody bought."""
_PARTY: Final = re.compile(
    r"(?:.*_)?(?:customer|client|buyer|requester|submitter|user|member|guest|patient|borrower|account|person|staff|employee"
    r"|kunden?|(?:be)?nutzer|mitglieds?|gast|kae?ufer|besteller|utilisateur|acheteur|membre|cliente|usuario|comprador"
    r"|utente|klant|gebruiker)(?:_?(?:id|name|no|nr|num|number|nummer|code|key))?",
    re.IGNORECASE,
)
"""Who bought, paid, lent, booked or asked for something."""
_TALKS: Final = re.compile(r"(?:.*_)?(?:conversations?|chats?)(?:_(?:parts?|messages?))?", re.IGNORECASE)
_ASKER: Final = re.compile(
    r"(?:.*_)?(?:customer|client|buyer|guest|patient|contact|lead|visitor|requester)s?(?:_?(?:ids?|names?|e?mails?))?",
    re.IGNORECASE,
)
"""People who wrote to a shop or a practice and got a private answer; people in a forum are users."""
_ADDRESSES: Final = re.compile(r"(?:.*_)?address(?:es)?", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"(?:.*_)?(?:(?:tele)?phones?|phone_numbers?|e?mails)", re.IGNORECASE)
"""Contacts of people, if a column confirms it: a shop sells phones."""
_SHORT: Final = 40
"""The most characters, on average, of a name; a longer text says more about somebody."""
_NAME: Final = re.compile(
    r"(?:full|first|last|sur|display|user|nick)_?name|(?:vor|nach)name|prenom|apellidos?|cognome|(?:voor|achter)naam",
    re.IGNORECASE,
)


def is_called_people(table: str) -> bool:
    """Return whether a table is named after people."""
    return _PEOPLE.fullmatch(plain_name(table)) is not None


def is_dealing(table: str, columns: Sequence[str]) -> bool:
    """Return whether a table holds what somebody bought, booked or asked for: by its name, and a column that says
    who."""
    called = plain_name(table)

    def tells(column: str) -> bool:
        other = _DEALING_ID.fullmatch(column)
        return bool(_PARTY.fullmatch(column) or (other and not called.rstrip("sS").lower().endswith(other[1].lower())))

    return _DEALINGS.fullmatch(called) is not None and any(tells(plain_name(one)) for one in columns)


def is_of_people(table: str, fields: Sequence[FieldFound], rows: int, columns: Sequence[str]) -> bool:
    """Return whether a table is private: a program's own, or one about people."""
    return _PROGRAM.fullmatch(plain_name(table)) is not None or tells_of_people(table, fields, rows, columns)


def tells_of_people(table: str, fields: Sequence[FieldFound], rows: int, columns: Sequence[str]) -> bool:
    """Return whether a table has private messages, what somebody bought, booked, noted or looked at, or is about
    people: most of its rows have a secret, or a name with a contact. A single private column of another table is only
    left out by itself."""

    def most(*why: str) -> bool:
        return any(is_named_private(one.name, *why) and 2 * one.records > rows for one in fields)

    called = plain_name(table)
    people, secret = is_called_people(table), most("secret")
    people_named = any(_NAME.search(plain_name(one.name)) and 2 * one.records > rows for one in fields)
    named = not any(one.length > _SHORT * one.records for one in fields)
    return bool(
        _BETWEEN_TWO.fullmatch(called)
        or _ADDRESSES.fullmatch(called)
        or (_NUMBERS.fullmatch(called) and any(one.is_private for one in fields))
        or is_dealing(table, columns)
        or (_LOGS.fullmatch(called) and any(is_named_private(one, "key") for one in columns))
        or (_REPORTS.fullmatch(called) and any(_WRITTEN.fullmatch(plain_name(one)) for one in columns))
        or (_TALKS.fullmatch(called) and any(_ASKER.fullmatch(plain_name(one)) for one in columns))
        or len({one.lower() for one in columns if _VISITS.fullmatch(plain_name(one))}) > 1
        or (people and (named or secret or most("mail", "reached", "paid")))
        or secret
        or (most("mail") and people_named)
    )
