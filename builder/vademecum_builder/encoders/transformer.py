"""`sentence-transformers:MODEL` (the extra `[models]`): the only module that imports sentence-transformers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import file_digest, sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from vademecum.encoder.file import EncoderFile
from vademecum.errors import UsageError
from vademecum.origin import pip_install
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.base import EmbeddingModel, FitLimits, Fitted
from vademecum_builder.encoders.directions import decode_directions, encode_directions, find_directions
from vademecum_builder.encoders.table import Matrix, Progress, unit

PREFIX: Final = "sentence-transformers:"
_MODEL_FILES: Final = (".json", ".txt", ".model", ".safetensors", ".bin")


def digest_model(folder: Path) -> str:
    """Return the digest of everything that determines an embedding: weights, settings, tokenizer."""
    total = sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _MODEL_FILES and path.is_file():
            with path.open("rb") as file:
                total.update(path.relative_to(folder).as_posix().encode() + b"\0")
                total.update(file_digest(file, "sha256").digest())
    return total.hexdigest()


def is_folder(model: str) -> bool:
    """Return whether MODEL is meant as a folder, whether it exists or not: hub names are `name` or `owner/name`."""
    return Path(model).is_dir() or model.startswith((".", "/", "~")) or model.count("/") > 1 or "\\" in model


def published_name(model: str) -> str:
    """Return the name of MODEL for a release: a folder is named after the last part of its path."""
    return PREFIX + (Path(model).resolve().name if is_folder(model) else model)


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
        if is_folder(model) and not Path(model).is_dir():
            raise UsageError(f"model {model!r}: no such folder")
        try:
            from safetensors import SafetensorError
            from sentence_transformers import SentenceTransformer

            hub = import_module("huggingface_hub")
            logging = import_module("transformers.utils.logging")
        except ImportError as error:
            raise UsageError(f"encoder {PREFIX}{model} needs sentence-transformers: {pip_install('models')}") from error
        logging.disable_progress_bar()  # the command line draws its own
        try:
            transformer = SentenceTransformer(model)
            if not is_folder(model):
                owned = model if "/" in model else f"sentence-transformers/{model}"
                model = hub.snapshot_download(owned, local_files_only=True)
        except (OSError, ValueError, RuntimeError, LookupError, TypeError, SafetensorError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UsageError(f"model {model!r} cannot be loaded: {type(error).__name__}: {reason}") from error
        return cls(transformer, digest_model(Path(model)))

    @cached_property
    def dimensions(self) -> int:
        """D, asked of the model itself."""
        return int(self.transformer.encode(["a"], show_progress_bar=False).shape[1])

    def embed(self, texts: Sequence[str], batch: int, progress: Progress | None = None) -> Matrix:
        """Return float64 [n, D]. Texts of similar length are embedded together, so that a batch has little padding."""
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
    """Document vectors from a model, which is loaded when first needed.

    Attributes:
        name: Its name in a release.
        digest: `digest_model` of the model that made the earlier vectors.
        dimensions: D.
        query_encoder: The static table that stands in for the model on the client.
        batch: Texts embedded at a time.
        load: Loads the model.
        directions: What the model's vectors are projected onto (`directions`); empty: nothing.
    """

    name: str
    digest: str
    dimensions: int
    query_encoder: bytes
    batch: int
    load: Callable[[], EmbeddingModel]
    directions: bytes = b""

    @property
    def identity(self) -> str:
        """Name and digest of the model, and digest of the directions."""
        projected = f"/{sha256(self.directions).hexdigest()}" if self.directions else ""
        return f"{self.name}@{self.digest}{projected}"

    @cached_property
    def model(self) -> EmbeddingModel:
        """The loaded model; raises UsageError if it cannot be loaded, or did not make the published vectors."""
        model = self.load()
        if model.digest != self.digest:
            raise UsageError(
                f"{self.name} is no longer the model that made the published vectors: bring that one back, "
                "or start a new line with --force"
            )
        return model

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Matrix:
        """Return float64 [n, D]; the model is loaded only if there are texts.

        Raises:
            UsageError: It cannot be loaded, or is no longer the one that made the published vectors.
        """
        if not texts:
            return np.zeros((0, self.dimensions))
        return self.project(self.model.embed(texts, self.batch, progress))

    def project(self, vectors: Matrix) -> Matrix:
        """Return the model's vectors as this encoder's, float64 [n, D]."""
        if not self.directions:
            return vectors
        from vademecum_builder.encoders.fit import product

        return product(vectors, decode_directions(self.directions, self.dimensions).astype(np.float64))


def load_transformer(
    model: str, file: EncoderFile, query_encoder: bytes, directions: bytes, limits: FitLimits
) -> Transformer | None:
    """Return the model that made the published vectors, not loaded yet; None: the model is a different one.

    One in a folder is compared by its files now; one on the hub when it is loaded.

    Args:
        file: The parsed `query_encoder`.
        query_encoder, directions: As published.
    """
    if is_folder(model) and digest_model(Path(model)) != file.model:
        return None
    return Transformer(
        file.name, file.model, file.dimensions, query_encoder, limits.batch, lambda: Model.load(model), directions
    )


def fit_model(
    name: str, loaded: EmbeddingModel, texts: Sequence[str], progress: Progress | None, limits: FitLimits
) -> Fitted:
    """Embed all texts, choose directions, and fit the static table that stands in for the model on the client.

    The table is a ridge regression over the texts and their sentences. Rows are pulled to the meaning of the word in
    the language, not to zero: site/content/decisions/language-prior.md.

    Args:
        name: What the release calls the model.

    Raises:
        UsageError: The model does not answer.
    """
    # They bring scipy, which a build that fits nothing need not wait for.
    from vademecum_builder.encoders import fit
    from vademecum_builder.encoders.prior import find_prior

    prior = find_prior(lambda some: unit(loaded.embed(some, limits.batch, progress)), loaded.digest, limits)
    chosen = fit.spread_evenly(len(texts), limits.sample)
    sample = [texts[index] for index in chosen]
    parts = fit.choose_parts(sample, limits.parts)
    alphabet = build_alphabet(texts)
    splits = fit.split_texts([*sample, *parts], alphabet)
    vocabulary = fit.choose_words(splits[: len(sample)], limits.model_words, limits)
    own = [word for word in vocabulary.words if word not in prior.positions]

    vectors = loaded.embed([*texts, *parts, *own], limits.batch, progress)
    documents, of_parts, of_own = np.split(vectors, np.cumsum([len(texts), len(parts)]))
    targets = unit(np.vstack([documents[chosen], of_parts]))
    language = prior.joined(own, unit(of_own))
    directions, dimensions = b"", loaded.dimensions
    if limits.dimensions < dimensions:
        directions = encode_directions(
            find_directions(targets[: len(sample)], unit(language.rows[:]), limits.dimensions)
        )
        dimensions = limits.dimensions
    encoder = Transformer(name, loaded.digest, dimensions, b"", limits.batch, lambda: loaded, directions)

    features, pulled_to = vocabulary.features(splits), encoder.project(language.of(vocabulary.words))
    rows = fit.fit_ridge(features, encoder.project(targets), limits.penalty, pulled_to)
    strange = prior.common_beyond(vocabulary.words, limits.model_general)
    vocabulary = vocabulary.joined(strange)
    rows = np.vstack([rows, encoder.project(prior.of(strange))])
    fitted = fit.FittedRows(alphabet, vocabulary, rows)
    file = fit.build_file(name, fitted, sample, limits, loaded.digest)
    return Fitted(replace(encoder, query_encoder=file), encoder.project(documents))
