"""Several files or sheets that each hold something different: a source for each, without what is private."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from vademecum.errors import UsageError
from vademecum_builder.discovery.fields import fields_of
from vademecum_builder.discovery.people import is_of_people
from vademecum_builder.discovery.proposals import Proposal, of_their_own
from vademecum_builder.discovery.roles import NOW
from vademecum_builder.kinds.values import shown
from vademecum_builder.sources.catalog import ids_of, names_of_ids
from vademecum_builder.sources.private_fields import plain_name, why_private
from vademecum_builder.sources.records import field_at, ids_in

_WORDS = re.compile(r"[^\W\d_]\s+[^\W\d_]")
"""Several words, unlike in a number, id or code."""
_REFERRING = re.compile(r"_?(?:id|key|uuid|guid|slug|no|nr|num|number|code)s?$")


class Part(NamedTuple):
    """One of several files or sheets that each hold something different.

    Attributes:
        called, listed: Its name, and that of its list of records.
        place: Its place, as written in `parents`.
        records: Its first records.
        propose, as_records: Proposes it; for an archive of messages, `as_records` proposes each message as a record.
    """

    called: str
    listed: str
    place: str
    records: Sequence[Mapping[str, Any]]
    propose: Callable[[], Proposal]
    as_records: Callable[[], Proposal]


def apart(what: str, parts: Sequence[Part]) -> list[Proposal]:
    """Return a source for each part, except for private ones and those with only numbers. A part that refers to records
    of which some are not public gets `parents`, and so does what refers to that part.

    Args:
        what: What the parts are, in words.

    Raises:
        UsageError: No part is left.
    """
    above = _above(parts)
    found, private, numbers = [], [], []
    for part in parts:
        columns = list(dict.fromkeys(name for record in part.records for name in record))
        if is_of_people(part.listed, fields_of(part.records), len(part.records), columns):
            private.append(part.called)
            continue
        parents = dict.fromkeys(_parents(part, above, []))
        proposed = part.propose()
        proposed = part.as_records() if parents and proposed.kind != "catalog" else proposed
        says_nothing = not any(_WORDS.search(shown(value)) for record in part.records for value in record.values())
        if proposed.kind == "catalog" and not {"text", "title"} & {*proposed.settings} and says_nothing:
            numbers.append(part.called)
            continue
        parents |= dict.fromkeys(proposed.settings.get("parents", ()))
        settings = {**proposed.settings, **({"parents": [*parents]} if parents else {})}
        found.append(replace(proposed, settings=settings))
    left = [
        f"{what} that hold what is private, or what somebody bought, are left out: {', '.join(private)}",
        f"{what} that hold numbers alone, by which nobody finds them, are left out: {', '.join(numbers)}",
    ]
    told = [one for one, names in zip(left, (private, numbers), strict=True) if names]
    if not found:
        raise UsageError(f"{'; '.join(told)}: name one yourself")
    return noted(found, *told)


def _above(parts: Sequence[Part]) -> dict[str, list[tuple[str, Part]]]:
    """Return, by place, the fields with which a part refers to parts of which some records are not public, directly or
    through others."""
    now = datetime.now(UTC)
    own = [part for part in parts if any(why_private(one, now) for one in part.records)]
    closed = [*own]
    above: dict[str, list[tuple[str, Part]]] = {part.place: [] for part in parts}
    for of in closed:  # grows in the loop
        for part in parts:
            # A post that names its last comment does not belong to it, if comments belong to posts.
            is_below = of not in own and any(one is part for _, one in above[of.place])
            if part is not of and not is_below and (names := [*_refers(part, of)]):
                above[part.place] += [(name, of) for name in names]
                closed += [part] if part not in closed else []
    for part in closed:  # what answers one of its own kind
        above[part.place] += [(name, part) for name in answering(part.records)]
    return above


def _parents(part: Part, above: Mapping[str, Sequence[tuple[str, Part]]], seen: list[Part]) -> Iterator[str]:
    """Yield what a part refers to, and what that refers to, as written in `parents`."""
    seen.append(part)
    for name, of in above[part.place]:
        yield f"{name} in {of.place}"
        if of not in seen:
            yield from _parents(of, above, seen)


def noted(found: Sequence[Proposal], *told: str) -> list[Proposal]:
    """Return proposals; the first has a note about what is left out."""
    return [replace(one, notes=(*one.notes, *told)) if one is found[0] else one for one in found]


def _forms(name: str) -> set[str]:
    """Return the last word of a name with and without plural endings: `posts`, `Produkte`, `categories`."""
    last = name.lower().rpartition("_")[2]
    shorter = {last.removesuffix(ending) for ending in ("s", "es", "y", "ies", "e", "n", "en")}
    return {last} | {form for form in shorter if len(form) > 2}


def _refers(part: Part, of: Part) -> Iterator[str]:
    """Yield the fields with ids of another part's records: they are named after it (`post_id` for `posts`), or have
    more of its ids than of others, unless these are mere numbers."""
    ids = {id for other in of.records for id in ids_of(other)}
    called = _forms(re.sub(r"[\W\d_]+$", "", plain_name(PurePosixPath(of.called).stem)))  # `posts_2024`, `Posts (2)`
    for one in fields_of(part.records):
        values = {id for record in part.records for id in ids_in(field_at(record, one.name))}
        known = len(values & ids)
        plain = plain_name(one.name).lower()
        counts = one.type == "number" and plain.endswith("s") and not _REFERRING.search(plain)  # `votes` of a post
        if NOW.match(plain) or counts:
            continue
        if (known and called & _forms(_REFERRING.sub("", plain))) or (
            2 * known > len(values) and not any(map(str.isdecimal, values))
        ):
            yield one.name


def answering(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the fields by which records are of others among them, whichever field these are known by."""
    keys = dict.fromkeys(name for record in records for name in names_of_ids(record))
    columns = [one.name for one in fields_of(records)]
    return [*dict.fromkeys(name for key in keys for name in of_their_own(records, key, columns))]
