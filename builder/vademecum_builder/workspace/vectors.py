"""The cache of embeddings (the port `encoders.kept.KeptVectors`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vademecum_builder.workspace.database import WorkspaceDatabase


class Vectors:
    """The vectors of a workspace."""

    def __init__(self, database: WorkspaceDatabase) -> None:
        self._database = database

    def of(self, model: str, texts: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the vectors that are kept for texts, by the texts' digests."""
        found: dict[bytes, bytes] = {}
        for text in texts:
            found |= dict(
                self._database.run("SELECT text, vector FROM embeddings WHERE text = ? AND model = ?", text, model)
            )
        return found

    def keep(self, model: str, vectors: Mapping[bytes, bytes]) -> None:
        """Keep the vectors of texts, by the texts' digests."""
        with self._database.batch():
            for text, vector in vectors.items():
                statement = "REPLACE INTO embeddings SELECT ?, ?, ?, coalesce(max(id), 0) FROM jobs"
                self._database.run(statement, text, model, vector)

    def forget(self, most: int) -> None:
        """Drop the vectors of old jobs beyond `most` bytes; those of the newest job stay."""
        total = 0
        rows = self._database.run("SELECT job, sum(length(vector)) FROM embeddings GROUP BY job ORDER BY job DESC")
        for number, (job, size) in enumerate(rows):
            total += size
            if number and total > most:
                self._database.run("DELETE FROM embeddings WHERE job <= ?", job)
                return
