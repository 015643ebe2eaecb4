"""A transformer as one file that onnxruntime runs, in 8 bits (the extra `[export]`): the one module that makes it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from vademecum.encoder.model import ModelFile, encode_model
from vademecum.errors import UsageError
from vademecum.origin import pip_install
from vademecum_builder.encoders.base import DocumentEncoder
from vademecum_builder.encoders.directions import decode_directions
from vademecum_builder.encoders.kept import KeptModel
from vademecum_builder.encoders.transformer import Model, Transformer

_OPSET: Final = 17
"""The version of ONNX operators, which all recent versions of onnxruntime read, also in browsers."""


def export_model(encoder: DocumentEncoder) -> bytes:
    """Return the object with the model's own files: its graph that makes the release's vectors, and its tokenizer.

    Weights become 8 bits, a scale for each column: all-MiniLM-L6-v2 takes 23 MB, 18 gzipped, and its vectors have a
    cosine of 0.99 to those of the original. The projection is not rounded.

    Raises:
        UsageError: The encoder is not a transformer on this machine, or a needed library is not installed.
    """
    model = encoder.model if isinstance(encoder, Transformer) else None
    model = model.model if isinstance(model, KeptModel) else model
    if not isinstance(model, Model):
        raise UsageError(
            f"--query-encoder transformer publishes a model's files, and {encoder.name} has none here: it goes with "
            "--encoder sentence-transformers:MODEL"
        )
    try:
        quantization, onnx = import_module("onnxruntime.quantization"), import_module("onnx")
    except ImportError as error:
        raise UsageError(f"--query-encoder transformer needs onnx and onnxruntime: {pip_install('export')}") from error
    assert isinstance(encoder, Transformer)
    transformer = model.transformer
    axes = np.eye(model.dimensions)
    if encoder.directions:
        axes = decode_directions(encoder.directions, encoder.dimensions).astype(float)
    with TemporaryDirectory() as name, _quiet():
        whole, small = Path(name) / "whole.onnx", Path(name) / "small.onnx"
        _trace(transformer, axes, whole)
        quantization.quantize_dynamic(whole, small, weight_type=quantization.QuantType.QInt8, per_channel=True)
        onnx.checker.check_model(str(small))
        graph = small.read_bytes()
    return encode_model(ModelFile(graph, _tokenizer(transformer)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the command line what exporter and quantiser say of themselves: nobody who builds can act on it."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _trace(transformer: Any, axes: np.ndarray[Any, Any], path: Path) -> None:
    """Write the graph from tokens to a vector of length 1, along the axes [M, D], float32."""
    torch = import_module("torch")

    class Whole(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer
            # Products and a sum: a matrix in a graph would be rounded to 8 bits.
            self.register_buffer("axes", torch.tensor(axes, dtype=torch.float32))

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            read = {"input_ids": input_ids, "attention_mask": attention_mask}
            vector = self.transformer(read)["sentence_embedding"]
            vector = torch.nn.functional.normalize(vector, dim=1)
            return (vector.unsqueeze(2) * self.axes).sum(dim=1)

    tokens = torch.ones(1, 8, dtype=torch.long)
    torch.onnx.export(
        Whole().eval(),
        (tokens, tokens),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["vector"],
        dynamic_axes={"input_ids": {1: "tokens"}, "attention_mask": {1: "tokens"}},
        opset_version=_OPSET,
        dynamo=False,
    )


def _tokenizer(transformer: Any) -> bytes:
    fast = getattr(transformer.tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise UsageError("--query-encoder transformer: the model's tokenizer is none of the package tokenizers")
    tokenizer = fast.from_str(fast.to_str())
    tokenizer.no_padding()
    tokenizer.enable_truncation(transformer.max_seq_length or 512)
    text: str = tokenizer.to_str()
    return text.encode()
