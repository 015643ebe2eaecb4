"""Encoders by their names: `builtin`, or `sentence-transformers:MODEL` with MODEL a folder or a name on the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from vademecum.encoder.query import decode_encoder
from vademecum.errors import UsageError
from vademecum_builder.encoders import builtin, transformer
from vademecum_builder.encoders.base import DocumentEncoder, Fitted
from vademecum_builder.encoders.limits import FitLimits
from vademecum_builder.encoders.table import Progress

DEFAULT_ENCODER: Final = builtin.NAME
_DEFAULTS: Final = FitLimits()


@dataclass(frozen=True)
class NamedEncoders:
    """The `Encoders` of a build.

    Attributes:
        name: `builtin` or `sentence-transformers:MODEL`, MODEL a folder or a name on the hub; None: that of the
            previous release, else `builtin`.
        dimensions: D; None: that of the previous release, else that of `limits`.
        limits: What a fit may take.
    """

    name: str | None
    limits: FitLimits = _DEFAULTS
    dimensions: int | None = None

    def load(self, query_encoder: bytes, directions: bytes = b"") -> DocumentEncoder | None:
        """See `Encoders.load`. A model is loaded only when something is embedded.

        One in a folder is compared by its files now; one on the hub when it is loaded.
        """
        file = decode_encoder(query_encoder).file
        name = self.name or file.name
        model = _model_of(name)
        if file.name != published_name(name) or not self._is_wanted(file.dimensions, whole=not directions):
            return None
        if not model:
            return builtin.Builtin(query_encoder)
        return transformer.load_transformer(model, file, query_encoder, directions, self.limits)

    def _is_wanted(self, dimensions: int, *, whole: bool) -> bool:
        """Return whether a fit would give so many: a model gives no more than it has (`whole`)."""
        return self.dimensions in (None, dimensions) or (whole and self.dimensions > dimensions)

    def fit(self, texts: Sequence[str], progress: Progress | None = None) -> Fitted:
        """See `Encoders.fit`. The texts are in a fixed order."""
        model = _model_of(self.name or DEFAULT_ENCODER)
        limits = replace(self.limits, dimensions=self.dimensions or self.limits.dimensions)
        if model:
            return transformer.fit_transformer(model, texts, progress, limits)
        encoder = builtin.fit_builtin(texts, limits)
        return Fitted(encoder, encoder.embed(texts, progress))


def published_name(name: str) -> str:
    """Return the name that a release carries: a model in a folder is called by the folder's last part.

    Raises:
        UsageError: No such encoder.
    """
    model = _model_of(name)
    return transformer.published_name(model) if model else name


def _model_of(name: str) -> str:
    """Return the MODEL of `sentence-transformers:MODEL`, and nothing for `builtin`."""
    if name == builtin.NAME:
        return ""
    model = name.removeprefix(transformer.PREFIX)
    if model == name or not model:
        raise UsageError(
            f"unknown encoder {name!r}: choose {builtin.NAME} or {transformer.PREFIX}MODEL (a folder or a hub name)"
        )
    return model
