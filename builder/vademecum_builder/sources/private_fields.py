"""What a record says of who may read it, in fields as shops, blogs, forums, trackers and chats call them. A signed
release cannot be called back: in doubt, out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final

from vademecum.errors import ContentError
from vademecum.format.json import canonical
from vademecum_builder.sources.times import spans_of

_NULL = r"null|none|nil|nan|\\n"
"""As tables of programs write that there is nothing: phpMyAdmin, `mysqldump --tab`, pandas."""
_UNSET = rf"|{_NULL}|n/?a|no|not set|never|false|off|0001-01-01.*|[-–—0:.?/ tz~]+"
"""Of a time: that there is none, as zeros say it in MySQL and in Go."""
_YES, _NO = r"true|yes|on|1|t|y|ja|oui|s[ií]|sì|sim", r"false|no|off|0|-1|f|n|nein|non|n[aã]o|nee"
_ANY = rf"(?!(?:false|no|f|n|{_NULL}|[0:. _-]+)$).+"
_DRAFT = (
    "(?:in_)?draft|auto-draft|future|private|unpublished|trash(?:ed)?|spam|deleted|hidden"
    "|(?:im_)?entwurf|(?:un|nicht_)vero?e?ffentlicht|brouillon|non_publie|borrador|no_publicado|bozza|non_pubblicato"
    "|rascunho|nao_publicado"
)
_BETWEEN = (
    "(?:.*_)?(?:private|direct|whisper|personal|secret|confidential|internal|hidden)(?:_.*)?|one_?on_?one|dm|im|mpim"
)
_RULES: Final[Mapping[str, str]] = {
    # What is true of what is not public, and false of it.
    r"(?:page_)?(?:is_)?(?:draft|unlisted|private|noindex|search_exclude|confidential|internal|hidden|deleted"
    r"|removed|trashed|spam|whisper|secret|invite_only|read_restricted|members_only|private_notes?)"
    r"|is_(?:direct|dm|im|mpim)": _YES,
    r"no_index|(?:ist_)?(?:entwurf|privat|vertraulich|intern|versteckt|verborgen|gelo?e?scht)|brouillon|borrador|bozza"
    r"|rascunho|prive|privado|privato|oculto|nascosto": _YES,
    r"(?:ist_)?(?:vero?e?ffentlicht|o?e?ffentlich|sichtbar|aktiv|freigegeben)|publicado|publie|pubblicato|gepubliceerd|act?ivo|actif"
    r"|attivo|searchable|indexable": _NO,
    r"(?:page_|jsd_|web(?:site|shop)?_)?(?:is_)?(?:publish(?:ed)?|public|visible|listed|search|sitemap|pagefind)": _NO,
    # Of a shop's products and of what waits for a moderator.
    r"(?:is_)?(?:active|enabled)": _NO,
    r"(?:is_)?(?:inactive|disabled)": _YES,
    r"(?:is_|comment_)?approved": rf"{_NO}|spam|trash|post-trashed|hold",
    r"search": r"\{.*\"exclude\":true.*",
    r"robots": r".*\b(?:noindex|none)\b.*",
    # When it was taken away; when it was made public: Strapi, Shopify and what Rails has say so that it was not.
    r"(?:.*_)?(?:hid(?:den)?|delete|deletion|remov(?:e|al)|trash)(?:e?d)?_?(?:at|on|time|date)": _ANY,
    r"published_?at": _UNSET,
    # Who it is for, in words; in numbers as phpBB and GitLab have them, and whispers among the posts of Discourse.
    r"(?:.*_)?(?:visibility(?:_in_catalog)?|privacy(?:_status)?|access(?:_level)?|archetype)": (
        rf"{_BETWEEN}|unlisted|friends|members|followers|subscribers|specified|paid|tiers"
    ),
    r"(?:.*_)?audience": rf"{_BETWEEN}|(?:the_)?(?:staff|employees?|our_team)(?:_only)?",
    r"user_segment(?:_ids?)?": _ANY,  # of Zendesk
    r"(?:channel|chat|room|conversation|message|group)_?type": _BETWEEN,
    r"(?:post|topic|comment)_visibility": r"(?!1$)-?\d+",
    r"visibility_level": r"(?!20$)\d+",
    r"visibility": r"not visible.*|\{.+",  # of Magento; for a role or a group, of Jira
    r"product_online": "2",
    r"post_type": "4|revision|attachment|nav_menu_item|custom_css|customize_changeset|oembed_cache|user_request|wp_.+",
    # `_status` is that of Payload.
    r"(?:_|(?:post|page|product|article|content|entry|workflow|publication|publish(?:ed|ing)?)_)?stat(?:us|e)": _DRAFT,
    r"(?:security|data|information)_classification|sensitivity(?:_label)?|confidentiality": (
        r"(?:strictly_|highly_)?confidential|internal(?:_use)?(?:_only)?|restricted|(?:top_)?secret"
        r"|(?:streng_)?vertraulich|intern"
    ),
    r"(?:post|message|comment|topic|thread|discussion|moderation)_stat(?:us|e)": (
        rf"{_DRAFT}|pending|future|inherit|moderated|rejected|unapproved|hold"
    ),
    r"(?:post|page|topic|forum|channel|room)_password": ".+",
    "security_level": _ANY,  # of Jira: who may see an issue; as its interface for programs has it
    "security": r"\{.*/securitylevel/.+",
    "_id": r"drafts\..+",  # of Sanity
}  # fmt: skip
"""By what a field is called (`plain_name`) what it holds (`_plain_value`) where a record is not public."""
_SHOWN_WHEN: Final[Mapping[str, str]] = {
    # No `publication_date`: that of a book which is to come is what people look for.
    "from": r"publish(?:ed)?_?(?:at|on)|publish_?(?:date|time|up)|go_?live_?(?:at|on|date)|visible_from",
    # No `expiry_date`: that is a food's, or a coupon's.
    "until": r"unpublish(?:ed)?_?(?:at|on|date)|publish_?down|visible_(?:until|till)|go_?dead_?(?:at|on)",
    "embargo": (
        r"(?:.*_)?embargo(?:ed)?(?:_?(?:until|till|to|date|lifts?|ends?|(?:release|lift|end|expir\w+)_date)(?:_(?:at|on))?)?"
    ),
}
_NEVER: Final = re.compile(_UNSET, re.IGNORECASE)
_AT_ONCE: Final = r"(?:for )?immediate(?:ly)?(?: release| publication)?|(?:ab )?sofort|zur sofortigen \w+"
"""As above a notice to the press."""
_SHOWN_TOO: Final[Mapping[str, re.Pattern[str]]] = {
    "from": re.compile(
        rf"[ns]\.? ?d\.?|s\.? ?[al]\.?|o\.? ?j\.?|undated|no date|true|yes|now|{_AT_ONCE}"
        r"|yesterday|gestern|hier|ayer|ieri|ontem|gisteren"
        r"|.+ (?:ago|fa|atrás|geleden)|(?:vor|il y a|hace|há) (?:\d+|eine[mr]|une?|uma?) \w+",
        re.IGNORECASE,
    ),
    "embargo": re.compile(rf"no(?:ne)?(?: embargo| required)?|lifted|expired|open access|{_AT_ONCE}", re.IGNORECASE),
    "until": re.compile(r"(?:for)?ever|permanent|unlimited|indefinite(?:ly)?|endless", re.IGNORECASE),
}
"""What is published without saying when, without an embargo, and for good."""
AHEAD: Final = 10
"""Years that are planned for: `09/14/68` is a day of 1968 where something was published then."""
UNREADABLE: Final = "is not a time that can be read: write it as 2027-03-31"
_PASS = (
    r"(?<!com)(?<!by)(?<!over)(?<!under)(?<!sur)(?<!tres)(?<!boarding_)(?<!day_)(?<!season_)(?<!mountain_)"
    r"pass(?![a-z]|_(?:rate|count|fail|mark|ratio|score|percent|type|through)(?:_|$))"
)
_PRIVATE: Final[Mapping[str, str]] = {
    "secret": (
        rf"{_PASS}|pass(?:w|phrase)|kennwort|contrase|mot_?de_?passe|(?:^|_)senha|wachtwoord|(?<!open)secret(?!ar)|geheim(?!tip)"
        r"|(?:access|auth|api|bearer|csrf|device|push|refresh|reset|session)_?tokens"
        r"|token(?!s(?:$|_)|i[sz]|_(?:count|symbol|standard|supply|type|length|limit)(?:$|_))"
        r"|(?:^|_)iban(?:$|_|\d)|(?:^|_)ssn|(?<!i)ssn(?![a-z])"
    ),
    "key": (
        r"pass(?:e?port|code|key|n(?:r|um))|(?:^|_)pwd?(?:$|_)|private_?key|api_?key|hash(?!_?(?:tag|rate))"
        r"|(?<!sea)(?<!table)(?<!added)_salt$|(?:^|_)ip(?:$|_)(?!class|code|grade|klasse|rating|schutz)|ip_?addr"
    ),
    "mail": r"(?<!voic)e_?mail|correo|courriel",
    "reached": (
        r"(?<!gramo)(?<!head)(?<!mega)(?<!micro)(?<!saxo)(?<!xylo)phone(?!m|tic)|(?:^|_)mobile(?:$|_(?:no|nr|num))|telef"
        r"|address(?!able|ed(?:$|_)|ing)|adresse|anschrift|direcci|indirizzo|endereco"
        r"|contact_?(?:name|person)|ansprechpartner|(?:^|_)your_(?:full_|first_|last_)?name"
    ),
    "paid": (
        r"salar|(?:^|_)wages?(?:$|_)|(?:^|_|brutto|netto|jahres|monats|grund|mindest|anfangs|einstiegs|ziel|fest)gehalt"
        r"|sueldo|stipendio|bank_?(?:card|acc)|credit_?card|konto_?n"
    ),
    "born": r"birth(?!mark|stone)|(?:^|_)dob(?:$|_)|geburt|nacimi|naissance|nascita|geboorte",
    "cost": (
        r"cost(?![aeilu])|margin(?!al)|(?:purchase|buying|dealer|standard)_?price|wholesale|einkauf|kosten(?!los|frei)"
        r"|marge(?!r)|coste|inkoop|insurance_?value|versicherungs_?wert|(?:^|_)ek(?:_|$|preis|netto)"
    ),
    "lent": (
        r"borrowe[dr]|(?:^|_)(?:lent|loaned)_(?:to|by)|ausgeliehen|ausleiher|entliehen|entleiher"
        r"|(?:donor|spender)_?name"
    ),
    "kept": (
        r"lager(?:ort|platz)|(?:depot|magazin)_?(?:ort|platz|standort|nr|nummer|location)|(?:storage|bin)_?location"
    ),
    "was": (
        # Of Evernote, Google Photos, cameras and chats; a shop's and a museum's own `latitude` is what people look for.
        r"(?:^|_)(?:notes?_attributes|geo_data(?:_exif)?|exif|gps|user|author|sender|device|creator|check_?in)"
        r"_(?:(?:gps_?)?lat(?:itude)?|(?:gps_?)?lon(?:gitude)?|lng|alt(?:itude)?|location|coordinates|place_?name)(?:$|_)"
        r"|(?:^|_)note_attributes_author$"
    ),
    "note": (
        r"(?:intern(?!at)|private|staff|admin|seller)\w*_(?:not[ei]|com+ent|komment|remark|memo|bemerk|vermerk)"
        r"|(?:not(?:es?|iz(?:en)?)|com+ents?|kommentar|remarks?|bemerkung(?:en)?)_\(?(?:intern|privat|staff|admin)"
    ),
}
"""What a field is called that is nobody's business, by why it is."""
_FACT: Final = re.compile(
    r"(?:is|has|can|supports|requires|needs|allows|accepts)_[a-z]+(?:_[a-z]+)?"
    r"|[a-z]+_(?:verified|confirmed|required|supported)",
    re.IGNORECASE,
)
"""What is so or not so: `isMobile`, `requires_password`; a form's `What is your home address` is no such name."""
_REACHED: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w:])|(?<!\d\.)(?<![\w+-])(?:\+|00)\d[\d /().-]{6,}\d|"
    r"(?<![\w+./-])(?!\d\d[/-]\d\d[/-]\d\d)(?=(?:[ /().-]{0,2}\d){7})\(?0\d{1,4}\)?[ /-](?:[ .-]?\d){3}|"
    r"(?<![\w-])(?:\(\d{3}\) ?|\d{3}[ -])\d{3}-\d{4}\b",
    re.IGNORECASE,
)
"""Where somebody is reached: an address of mail, a number of a telephone."""
_REACHES: Final = 0.2
"""Of short texts so many name people where they say that; contacts are prose as a rule, or have a name that says so."""
_WRAPS: Final = re.compile(r"_source|attributes|fields|properties|node|doc")
"""Objects that wrap records: of Elasticsearch, Strapi, Airtable, GeoJSON, GraphQL and CouchDB."""
_PLACE_TYPE: Final = re.compile(r"(?:.*_)?(?:type|kind)|t")
_PLACE: Final = re.compile(r"(?:.*_)?(?:channels?|rooms?|chats?|conversations?|streams?|groups?|spaces?|threads?)")
_BETWEEN_TYPES: Final = re.compile(rf"{_BETWEEN}|[dpg]")
"""Of Mattermost and Rocket.Chat: direct, private, group."""


def why_private(
    fields: Mapping[str, Any], now: datetime | None = None, but: Collection[str] = (), table: str = ""
) -> str:
    """Return which of its own fields says that a record is to be left out; empty: none.

    A list of several values is that of rows that were merged: one row that is private makes the record private.

    Args:
        now: With what the time is compared at which a record is to be published; None: it does not matter.
        but: Fields that are mere facts, whatever they are called.
        table: Where the record is, as of `is_private`.
    """
    for name, value in _own_fields(fields):
        called = name.rpartition(".")[2] if name not in fields else name
        if name in but:
            continue
        values = value if isinstance(value, list) else [value]
        if any(is_private(called, one, table) for one in values):
            return name.lower()
        if now is not None and (when := shown_when(called)):
            for one in values:
                if why := why_not_now(when, one, now):
                    instead = f', or drafts = ["{name}"] where it is none' if why == UNREADABLE else ""
                    return f"{name.lower()} {why}{instead}"
    return ""


def _own_fields(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield a record's own fields; also, as `attributes.status`, those of the object that wraps it, if beside that
    object there are no words; beside `_source` these are about the search that found it."""
    yield from fields.items()
    wraps = [name for name, value in fields.items() if isinstance(value, Mapping) and _WRAPS.fullmatch(name)]
    if wraps == ["_source"] or (
        len(wraps) == 1 and not any(" " in one for one in fields.values() if isinstance(one, str))
    ):
        yield from ((f"{wraps[0]}.{name}", value) for name, value in fields[wraps[0]].items())


@lru_cache(maxsize=4096)
def shown_when(name: str) -> str:
    """Return what the time in a field of this name does to a record: it is shown `from` or `until` then, or under
    `embargo`; empty: nothing."""
    plain = plain_name(name).lower()
    return next((when for when, names in _SHOWN_WHEN.items() if re.fullmatch(names, plain)), "")


def why_not_now(when: str, value: object, now: datetime) -> str:
    """Return why what is shown `from` or `until` a time, or is under `embargo`, is not shown now: `to come`, `over`,
    `UNREADABLE`; empty: it is.

    Of several readings of a time the one counts by which it is not shown. An embargo ends when all of what it names is
    over, be it a year.
    """
    while isinstance(value, dict) and value:
        # `{"$date": {"$numberLong": "1700000000000"}}` of MongoDB, `{"_seconds": 1700000000, "_nanoseconds": 0}` of
        # Firestore: what it says first counts.
        value = next(iter(value.values()))
    if is_unset(value) or _SHOWN_TOO[when].fullmatch(str(value).strip()):
        return ""
    try:
        spans = spans_of(value, now.year + AHEAD) if when == "from" else spans_of(value)
    except ContentError:
        return UNREADABLE
    if when == "until":
        return "over" if any(end < now for _, end in spans) else ""
    return "to come" if any((begin if when == "from" else end) > now for begin, end in spans) else ""


def is_unset(value: object) -> bool:
    """Return whether a time says that there is none."""
    return value is None or _NEVER.fullmatch(str(value).strip()) is not None


def is_private(name: str, value: object, table: str = "") -> bool:
    """Return whether a field with this value says of its record that it is not public.

    Args:
        table: Where the record is: of a channel more is known than of anything.
    """
    if not (patterns := _patterns(name, table)):
        return False
    text = "" if value is None else value.strip() if isinstance(value, str) else canonical(value).decode()
    return any(pattern.fullmatch(one) for pattern in patterns for one in (text, plain_name(text)))


def may_say(name: str, table: str = "") -> bool:
    """Return whether a field of this name may say that."""
    return bool(_patterns(name, table))


def says_more(name: str, table: str) -> bool:
    """Return whether more is known of a field of this name in this table than of anything."""
    return len(_patterns(name, table)) > len(_patterns(name, ""))


def is_named_private(name: str, *why: str) -> bool:
    """Return whether a field's name says that it is nobody's business.

    Args:
        why: For which of the reasons (`secret`, `mail`, `reached`, `paid` …); without them for any.
    """
    plain = plain_name(name)
    return _FACT.fullmatch(plain) is None and _private_words(why or tuple(_PRIVATE)).search(plain) is not None


@cache
def _private_words(why: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_PRIVATE[one] for one in why), re.IGNORECASE)


def reaches(text: str) -> bool:
    """Return whether a text says where somebody is reached."""
    return _REACHED.search(text) is not None


def without_contacts(name: str) -> str:
    """Return a name without where somebody is reached: of an address of mail the part before the `@`, of a number the
    last two digits."""
    return _REACHED.sub(lambda found: found[0].partition("@")[0] if "@" in found[0] else f"…{found[0][-2:]}", name)


def many_reach(reached: int, texts: int) -> bool:
    """Return whether so many of short texts do that a field is for that."""
    return reached > 0 and reached >= _REACHES * texts


def plain_name(name: str) -> str:
    """Return a name without accents, with `_` where it goes down or has a capital: `from_user_display_name`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or name
    return re.sub(r"[ .-]", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain.rstrip("?")))


@lru_cache(maxsize=4096)  # records have the same fields, over and over
def _patterns(name: str, table: str) -> tuple[re.Pattern[str], ...]:
    plain, of = plain_name(name).lower(), plain_name(table).lower()
    called = (plain, f"{of.rpartition('_')[2].removesuffix('s')}_{plain}" if of else plain)  # `status` of comments
    found = [
        re.compile(said, re.IGNORECASE)
        for names, said in _RULES.items()
        if any(re.fullmatch(names, one) for one in called)
    ]
    if _PLACE.fullmatch(of) and _PLACE_TYPE.fullmatch(plain):
        found.append(re.compile(_BETWEEN_TYPES.pattern, re.IGNORECASE))
    return tuple(found)
