"""Encoders by name: `builtin`, `sentence-transformers:MODEL` (MODEL is a folder or a name on the hub), or
`http:https://host/v1#MODEL`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Final

from vademecum.encoder.file import EncoderFile
from vademecum.encoder.query import decode_encoder
from vademecum.errors import UsageError
from vademecum_builder.encoders import builtin, http, transformer
from vademecum_builder.encoders.base import DocumentEncoder, EmbeddingModel, FitLimits, Fitted
from vademecum_builder.encoders.kept import EstimatedModel, KeptModel, KeptVectors
from vademecum_builder.encoders.table import Progress

DEFAULT_ENCODER: Final = builtin.NAME
_DEFAULTS: Final = FitLimits()


@dataclass(frozen=True)
class NamedEncoders:
    """The `Encoders` of a build.

    Attributes:
        name: As in this module's docstring; None: that of the previous release, else `builtin`.
        dimensions: D; None: that of the previous release, else that of `limits`.
        limits: What a fit may take.
        asked: The models behind an address that were used.
        kept: The cache for a model's vectors; None: none. `builtin` is faster without.
        estimates: Whether to raise what a model behind an address would cost (`Estimated`) instead of asking it.
    """

    name: str | None
    limits: FitLimits = _DEFAULTS
    dimensions: int | None = None
    asked: list[http.HttpModel] = field(default_factory=list, compare=False)
    kept: KeptVectors | None = None
    estimates: bool = False

    @property
    def notices(self) -> Sequence[str]:
        """What embedding has cost, one line for each model behind an address that was asked."""
        return [str(model.used) for model in self.asked if model.used.requests]

    @property
    def cost(self) -> http.Cost | None:
        """What embedding has cost in all; None: no such model was asked."""
        used = [model.used for model in self.asked if model.used.requests]
        totals = (sum(values) for values in zip(*(astuple(one) for one in used), strict=True))
        return http.Cost(*totals) if used else None

    @property
    def is_behind_address(self) -> bool:
        """Whether another host embeds, and may charge for it."""
        return bool(self.name and self.name.startswith(http.PREFIX))

    def _keeping(self, model: EmbeddingModel) -> EmbeddingModel:
        if self.estimates and isinstance(model, http.HttpModel):
            return EstimatedModel(model, self.kept)
        return model if self.kept is None else KeptModel(model, self.kept)

    def _behind_address(self) -> http.HttpModel:
        model = http.HttpModel.parse(_model_of(self.name or ""))
        self.asked.append(model)
        return model

    def load(self, query_encoder: bytes, directions: bytes = b"") -> DocumentEncoder | None:
        """See `Encoders.load`. A model is loaded only when something is embedded.

        One in a folder is compared by its files now; one on the hub when it is loaded.
        """
        file = decode_encoder(query_encoder).file
        name = self.name or file.name
        model = _model_of(name)
        if name == self.name and name.startswith(http.PREFIX):
            return self._load_http(file, query_encoder, directions)
        whole = model != "" and not directions
        if file.name != published_name(name) or not self._is_wanted(file.dimensions, whole=whole):
            return None
        if not model:
            return builtin.Builtin(query_encoder)
        found = transformer.load_transformer(model, file, query_encoder, directions, self.limits)
        return found and replace(found, load=lambda: self._keeping(found.load()))

    def _load_http(self, file: EncoderFile, query_encoder: bytes, directions: bytes) -> DocumentEncoder | None:
        model = self._behind_address()
        wanted = self._is_wanted(file.dimensions, whole=not directions)
        if file.model != model.digest or not wanted:
            return None
        return transformer.Transformer(
            file.name,
            file.model,
            file.dimensions,
            query_encoder,
            self.limits.batch,
            lambda: self._keeping(model),
            directions,
        )

    def _is_wanted(self, dimensions: int, *, whole: bool) -> bool:
        """Return whether a fit would give this many dimensions: a model has at most its own (`whole`)."""
        return self.dimensions in (None, dimensions) or (whole and self.dimensions > dimensions)

    def fit(self, texts: Sequence[str], progress: Progress | None = None) -> Fitted:
        """See `Encoders.fit`. The texts are in a fixed order."""
        model = _model_of(self.name or DEFAULT_ENCODER)
        limits = replace(self.limits, dimensions=self.dimensions or self.limits.dimensions)
        if self.name and self.name.startswith(http.PREFIX):
            host = self._behind_address()
            # A prior of the language would need 36,000 more texts: each word's own vector replaces it.
            limits = replace(limits, general=0)
            return transformer.fit_model(published_name(self.name), self._keeping(host), texts, progress, limits)
        if model:
            name, loaded = transformer.published_name(model), self._keeping(transformer.Model.load(model))
            return transformer.fit_model(name, loaded, texts, progress, limits)
        encoder = builtin.fit_builtin(texts, limits)
        return Fitted(encoder, encoder.embed(texts, progress))


def published_name(name: str) -> str:
    """Return the name for a release: a model in a folder is named after the last part of its path.

    Raises:
        UsageError: No such encoder.
    """
    model = _model_of(name)
    if name.startswith(http.PREFIX):
        return f"{http.PREFIX}{http.HttpModel.parse(model).model}"  # the address is private
    return transformer.published_name(model) if model else name


def _model_of(name: str) -> str:
    """Return the MODEL of `sentence-transformers:MODEL`, the address of `http:ADDRESS#MODEL`, nothing for `builtin`."""
    if name == builtin.NAME:
        return ""
    if name.startswith(http.PREFIX):
        return name.removeprefix(http.PREFIX)
    model = name.removeprefix(transformer.PREFIX)
    if model == name or not model:
        raise UsageError(
            f"unknown encoder {name!r}: choose {builtin.NAME}, {transformer.PREFIX}MODEL (a folder or a hub name) or "
            f"{http.PREFIX}https://host/v1#MODEL"
        )
    return model
