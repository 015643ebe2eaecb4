"""What a source told, applied: the state that whoever listens to it has."""

from __future__ import annotations

from dataclasses import dataclass, field

from vademecum_builder.sources.base import Checkpoint, Removed, Skipped, Source, SourceItem


@dataclass
class AppliedChanges:
    """Items by key, as a workspace keeps them.

    Attributes:
        news: Of the last round, the keys that were told, and those that were said to be gone.
    """

    items: dict[str, bytes] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    left_out: list[Skipped] = field(default_factory=list)
    news: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def listen(self, source: Source) -> AppliedChanges:
        """Take in what changed since the last checkpoint."""
        changes = source.changes(self.checkpoint)
        if self.checkpoint is None or changes.whole:
            self.items = {}
        self.news, self.gone, self.left_out = set(), set(), []
        for entry in changes.entries:
            match entry:
                case SourceItem():
                    self.items[entry.key] = entry.data
                    self.news.add(entry.key)
                case Removed():
                    self.items.pop(entry.key, None)
                    self.gone.add(entry.key)
                case Skipped():
                    self.left_out.append(entry)
                case Checkpoint():
                    self.checkpoint = entry
        return self


def differing(before: dict[str, bytes], after: dict[str, bytes]) -> tuple[set[str], set[str]]:
    """Return the keys that are new or have other bytes, and those that are gone."""
    return {key for key, data in after.items() if before.get(key) != data}, before.keys() - after.keys()
