"""Encoders by their names: `builtin`, or `sentence-transformers:MODEL` with MODEL a folder or a name on the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    """The `Encoders` of a build: that of the given name; without one, that of the previous release, else `builtin`."""

    name: str | None

    def load(self, query_encoder: bytes) -> DocumentEncoder | None:
        """See `load_encoder`."""
        return load_encoder(self.name or decode_encoder(query_encoder).name, query_encoder)

    def fit(self, texts: Sequence[str], progress: Progress | None) -> Fitted:
        """See `fit_encoder`."""
        return fit_encoder(self.name or DEFAULT_ENCODER, texts, progress=progress)


def published_name(name: str) -> str:
    """Return the name that a release carries: a model in a folder is called by the folder's last part.

    Raises:
        UsageError: No such encoder.
    """
    model = _model_of(name)
    return transformer.published_name(model) if model else name


def fit_encoder(
    name: str, texts: Sequence[str], *, progress: Progress | None = None, limits: FitLimits = _DEFAULTS
) -> Fitted:
    """Fit a new encoder to the texts of all chunks, and embed them.

    Args:
        name: `builtin` or `sentence-transformers:MODEL`, MODEL a folder or a name on the hub.
        texts: One a chunk, in a fixed order.
        progress: Called while texts are embedded.
        limits: What the fit may take.

    Raises:
        UsageError: No such encoder, the extra is missing, or the model cannot be loaded.
    """
    model = _model_of(name)
    if model:
        return transformer.fit_transformer(model, texts, progress, limits)
    encoder = builtin.fit_builtin(texts, limits)
    return Fitted(encoder, encoder.embed(texts, progress))


def load_encoder(name: str, query_encoder: bytes, *, limits: FitLimits = _DEFAULTS) -> DocumentEncoder | None:
    """Return the encoder of the previous release, or None when it is another one than `name`: fit it anew.

    A model is loaded only when something is embedded. One in a folder is compared by its files now; one on
    the hub when it is loaded.

    Args:
        name: As given on the command line.
        query_encoder: The previous release's encoder file.

    Raises:
        ContentError: `query_encoder` is not an encoder file.
        UsageError: No such encoder.
    """
    model = _model_of(name)
    file = decode_encoder(query_encoder).file
    if file.name != published_name(name):
        return None
    if not model:
        return builtin.Builtin(query_encoder)
    return transformer.load_transformer(model, file, query_encoder, limits)


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
