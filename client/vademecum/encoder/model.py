"""A model's own files, for clients that encode queries with it (format.md, section 4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vademecum.errors import ContentError
from vademecum.format.tensors import Tensor, TensorFile, decode_tensors, encode_tensors

MODEL_FORMAT: Final = "vademecum.model.1"


@dataclass(frozen=True)
class ModelFile:
    """A model in the formats of other programs.

    Attributes:
        onnx: A graph from `input_ids` and `attention_mask`, int64 [1, n], to `vector`, float32 [1, D], along the
            release's directions.
        tokenizer: A `tokenizer.json` of the package tokenizers; it cuts off what the model does not read.
    """

    onnx: bytes | memoryview
    tokenizer: bytes | memoryview


def encode_model(file: ModelFile) -> bytes:
    """Return the object that holds them."""
    tensors = {
        name: Tensor("U8", (len(data),), data) for name, data in (("onnx", file.onnx), ("tokenizer", file.tokenizer))
    }
    return encode_tensors(TensorFile(tensors, {"format": MODEL_FORMAT}))


def decode_model(data: bytes) -> ModelFile:
    """Read such an object; nothing of it is run.

    Raises:
        NewerFormatError: A later major format. ContentError: It holds something else.
    """
    file = decode_tensors(data)
    file.check_format(MODEL_FORMAT)
    onnx, tokenizer = (file.tensor(name, "U8", [None]).data for name in ("onnx", "tokenizer"))
    if not onnx or not tokenizer:
        raise ContentError("model: a file of it is empty")
    return ModelFile(onnx, tokenizer)
