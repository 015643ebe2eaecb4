"""Several sources as one: every key begins with the name of its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vademecum.errors import UsageError
from vademecum_builder.sources.base import Changes, Checkpoint, Entry, Source, SourceItem


@dataclass(frozen=True)
class NamedSources:
    """Everything in several sources, one after another.

    Attributes:
        sources: The views of each source, by the prefix of its keys (`name:`).
    """

    sources: Mapping[str, Sequence[Source]] = field(default_factory=dict)

    def changes(self, since: Checkpoint | None) -> Changes:
        """Return everything: only single sources have checkpoints.

        Raises:
            UsageError: There is nothing to read in one of them; or there is a checkpoint.
        """
        if since is not None:
            raise UsageError(f"several sources have no checkpoint ({since.strategy})")
        said = [(prefix, view.changes(None)) for prefix, views in self.sources.items() for view in views]
        warnings: list[str] = []
        left_out: Counter[str] = Counter()
        return Changes(
            (entry for prefix, changes in said for entry in _named(prefix, changes, warnings, left_out)),
            expected=sum(changes.expected for _, changes in said),
            unread=sum((Counter(changes.unread) for _, changes in said), Counter()),
            left_out=left_out,
            warnings=warnings,
        )


def _named(prefix: str, changes: Changes, warnings: list[str], left_out: Counter[str]) -> Iterator[Entry]:
    for entry in changes.entries:
        if isinstance(entry, SourceItem):
            target = prefix + entry.target if entry.target else ""
            yield replace(entry, key=prefix + entry.key, target=target)
        elif not isinstance(entry, Checkpoint):
            yield replace(entry, key=prefix + entry.key)
    warnings += [f"{prefix}{warning}" for warning in changes.warnings]
    left_out += Counter(changes.left_out)
