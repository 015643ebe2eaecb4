"""Approval: which releases wait until they are promoted."""

from __future__ import annotations

from collections.abc import Mapping

from vademecum.format.segment import DocumentRow
from vademecum_builder.index.rows import rows_of, same
from vademecum_builder.release.beside import read_again
from vademecum_builder.stages.context import BuildContext


def why_it_waits(documents: Mapping[str, DocumentRow], context: BuildContext) -> str:
    """Return why a release of these documents waits for approval; empty: it does not.

    It is compared with the current release of its channel, so that no change hides behind one that already waits.

    Args:
        documents: Rows by key.

    Raises:
        VademecumError: The current release cannot be read.
    """
    rule, previous, request = context.request.approval, context.previous, context.request
    line = previous.channels.get(request.channel)
    if line is None or previous.published is None:
        return ""  # a first release, or the current one is damaged: there is nothing to compare with
    if rule.always:
        return "every release does"
    if rule.more_than is None:
        return ""
    current = rows_of(read_again(previous, request.out, line.current).segments).live
    share = _changed(documents, {row.key: row for row in current})
    if share <= rule.more_than:
        return ""
    return f"{share:.0%} of the documents change, more than {rule.more_than:.0%}"


def _changed(now: Mapping[str, DocumentRow], before: Mapping[str, DocumentRow]) -> float:
    """Return the number of added, modified and removed documents as a share of the documents before."""
    kept = sum(key in before and same(row, before[key]) for key, row in now.items())
    return (len(now.keys() | before.keys()) - kept) / max(1, len(before))
