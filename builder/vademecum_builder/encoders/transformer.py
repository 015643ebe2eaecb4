"""Encoders of the builder: texts to document vectors, and the query encoder that goes with them.

`builtin` is fitted to the knowledge base; `sentence-transformers:MODEL` (the extra `[models]`) brings a
transformer. This is the one module that knows sentence-transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest, sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from vademecum.encoder.file import decode_encoder
from vademecum.errors import UsageError
from vademecum_builder.encoders import builtin
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.limits import FitLimits
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.encoders.table import Matrix, Progress

__all__ = [
    "DocumentEncoder",
    "FitLimits",
    "Fitted",
    "fit_encoder",
    "load_encoder",
    "published_name",
    "quantise",
]

TRANSFORMER: Final = "sentence-transformers:"
_DEFAULTS: Final = FitLimits()
_MODEL_FILES: Final = (".json", ".txt", ".model", ".safetensors", ".bin")


class DocumentEncoder(Protocol):
    """Turns chunks into document vectors."""

    @property
    def name(self) -> str:
        """What the release calls it: `builtin` or `sentence-transformers:MODEL`, without local folders."""
        ...

    @property
    def identity(self) -> str:
        """Part of the epoch: two encoders with one identity make vectors of one space."""
        ...

    @property
    def dimensions(self) -> int: ...

    @property
    def query_encoder(self) -> bytes:
        """The encoder file to publish (format.md, section 4.3)."""
        ...

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        """Return float64 [n, D], not normalised; `quantise` comes next.

        Raises:
            UsageError: The model cannot be loaded, or is no longer the one that made the earlier vectors.
        """
        ...


@dataclass(frozen=True)
class Fitted:
    """A new encoder, and the vectors [n, D] of the texts that it was fitted to."""

    encoder: DocumentEncoder
    vectors: Matrix


def published_name(name: str) -> str:
    """Return the name that a release carries: a model in a folder is called by the folder's last part."""
    model = _model_of(name)
    return f"{TRANSFORMER}{Path(model).resolve().name}" if model and _is_folder(model) else name


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
        return _fit_transformer(model, texts, progress, limits)
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
    if _is_folder(model) and digest_model(Path(model)) != file.model:
        return None
    return Transformer(
        file.name, file.model, file.dimensions, query_encoder, limits.batch, lambda: Model.load(model)
    )


def _model_of(name: str) -> str:
    """Return the MODEL of `sentence-transformers:MODEL`, and nothing for `builtin`."""
    if name == builtin.NAME:
        return ""
    model = name.removeprefix(TRANSFORMER)
    if model == name or not model:
        raise UsageError(
            f"unknown encoder {name!r}: choose {builtin.NAME} or {TRANSFORMER}MODEL (a folder or a hub name)"
        )
    return model


def _is_folder(model: str) -> bool:
    """Return whether MODEL is meant as a folder, be it there or not: hub names are `name` or `owner/name`."""
    return Path(model).is_dir() or model.startswith((".", "/", "~")) or model.count("/") > 1 or "\\" in model


def digest_model(folder: Path) -> str:
    """Return the digest of all that shapes an embedding: weights, settings, tokenizer."""
    total = sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _MODEL_FILES and path.is_file():
            with path.open("rb") as file:
                total.update(path.relative_to(folder).as_posix().encode() + b"\0")
                total.update(file_digest(file, "sha256").digest())
    return total.hexdigest()


@dataclass(frozen=True)
class Model:
    """A loaded transformer.

    Attributes:
        transformer: The SentenceTransformer.
        digest: From `digest_model`.
    """

    transformer: Any
    digest: str

    @classmethod
    def load(cls, model: str) -> Model:
        """Load from a folder or, by name, from the hub's cache or the hub.

        Raises:
            UsageError: sentence-transformers is missing, or the model cannot be loaded.
        """
        try:
            from safetensors import SafetensorError
            from sentence_transformers import SentenceTransformer

            hub = import_module("huggingface_hub")
            logging = import_module("transformers.utils.logging")
        except ImportError as error:
            raise UsageError(
                f"encoder {TRANSFORMER}{model} needs sentence-transformers: pip install 'vademecum[models]'"
            ) from error
        if _is_folder(model) and not Path(model).is_dir():
            raise UsageError(f"model {model!r}: no such folder")
        logging.disable_progress_bar()  # the command line draws its own
        try:
            transformer = SentenceTransformer(model)
            if not _is_folder(model):
                owned = model if "/" in model else f"sentence-transformers/{model}"
                model = hub.snapshot_download(owned, local_files_only=True)
        except (OSError, ValueError, RuntimeError, LookupError, TypeError, SafetensorError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UsageError(f"model {model!r} cannot be loaded: {type(error).__name__}: {reason}") from error
        return cls(transformer, digest_model(Path(model)))

    @cached_property
    def dimensions(self) -> int:
        return int(self.transformer.encode(["a"], show_progress_bar=False).shape[1])

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:
        """Return float64 [n, D]. Texts of like length go together, so that little of a batch is padding."""
        vectors = np.zeros((len(texts), self.dimensions))
        order = sorted(range(len(texts)), key=lambda index: (-len(texts[index]), index))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            batch_texts = [texts[index] for index in chosen]
            vectors[chosen] = self.transformer.encode(batch_texts, batch_size=batch, show_progress_bar=False)
            if progress:
                progress(start + len(chosen), len(texts))
        return vectors


@dataclass(frozen=True)
class Transformer:
    """Document vectors from a sentence-transformers model, which is loaded when first needed.

    Attributes:
        name: What the release calls it.
        digest: What `digest_model` says about the model that made the earlier vectors.
        dimensions: D.
        query_encoder: The static table that stands in for the model on the client.
        batch: Texts embedded at a time.
        load: Brings the model.
    """

    name: str
    digest: str
    dimensions: int
    query_encoder: bytes
    batch: int
    load: Callable[[], Model]

    @property
    def identity(self) -> str:
        return f"{self.name}@{self.digest}"

    @cached_property
    def _loaded(self) -> Model:
        model = self.load()
        if model.digest != self.digest:
            raise UsageError(
                f"{self.name} is no longer the model that made the published vectors: bring that one back, "
                "or start a new line with --force"
            )
        return model

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        if not texts:
            return np.zeros((0, self.dimensions))
        return self._loaded.embed(texts, self.batch, progress)


def _fit_transformer(
    model: str, texts: Sequence[str], progress: Progress | None, limits: FitLimits
) -> Fitted:
    from vademecum_builder.encoders import (
        fit,  # brings scipy, which a build that fits nothing need not wait for
    )

    loaded = Model.load(model)
    chosen = fit.spread_evenly(len(texts), limits.sample)
    sample = [texts[index] for index in chosen]
    parts = fit.choose_parts(sample, int(limits.parts * len(sample)))
    vectors = loaded.embed([*texts, *parts], limits.batch, progress)
    documents, examples = vectors[: len(texts)], [*sample, *parts]
    targets = _unit(np.vstack([documents[chosen], vectors[len(texts) :]]))

    alphabet = build_alphabet(texts)
    splits = [alphabet.split(text) for text in examples]
    vocabulary = fit.choose_words(splits[: len(sample)], limits.model_words, limits)
    rows = fit.fit_ridge(vocabulary.features(splits), targets, limits.penalty)
    common = vocabulary.spread >= limits.model_common
    steps = np.where(common, limits.model_step, limits.model_rare_step)
    name, goldens = published_name(TRANSFORMER + model), fit.golden_texts(sample, limits)
    file = fit.build_file(
        name,
        alphabet,
        vocabulary,
        rows,
        goldens,
        model=loaded.digest,
        levels=limits.model_levels,
        steps=steps,
    )
    encoder = Transformer(name, loaded.digest, loaded.dimensions, file, limits.batch, lambda: loaded)
    return Fitted(encoder, documents)


def _unit(vectors: Matrix) -> Matrix:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
