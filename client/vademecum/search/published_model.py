"""The model that a release brings, run by onnxruntime (the extra `[onnx]`): the one module that knows it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from vademecum.encoder.model import decode_model
from vademecum.errors import ContentError, UsageError
from vademecum.origin import pip_install
from vademecum.search.own_encoder import Encode


def require_onnx() -> None:
    """Raise UsageError if what runs a model is not installed here."""
    missing = [name for name in ("onnxruntime", "tokenizers") if find_spec(name) is None]
    if missing:
        raise UsageError(f"encoder='published' needs {' and '.join(missing)}: {pip_install('onnx')}")


def run_model(data: bytes) -> Encode:
    """Return what encodes with the model of an object. It is loaded when it is first asked.

    Raises:
        ContentError: That is no such object, or none that works here.
    """
    file = decode_model(data)
    loaded: list[Any] = []

    def encode(text: str) -> Any:
        try:
            if not loaded:
                loaded[:] = (  # both or none
                    import_module("tokenizers").Tokenizer.from_buffer(bytes(file.tokenizer)),
                    import_module("onnxruntime").InferenceSession(bytes(file.onnx)),
                )
            tokens = loaded[0].encode(text)
            told = {"input_ids": tokens.ids, "attention_mask": tokens.attention_mask}
            inputs = {name: np.array([values], np.int64) for name, values in told.items()}
            return loaded[1].run(["vector"], inputs)[0][0]
        except Exception as error:  # both libraries raise what they like
            raise ContentError(f"the release's model does not work here: {error}") from error

    return encode
