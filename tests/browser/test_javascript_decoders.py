"""Damaged files, read by Python and by JavaScript: the same data where Python takes them, and never an error of another
kind. What Python refuses comes into no store, so JavaScript need not be as strict."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fuzz.damage import Mutate, mutate_json, mutate_tensors
from fuzz.seeds import golden, head_record, resealed, small_encoder, small_segment
from vademecum.encoder.query import decode_encoder
from vademecum.errors import VademecumError
from vademecum.format.segment import decode_segment
from vademecum.format.tensors import TensorFile, decode_tensors, encode_tensors, integers
from vademecum.store.pointer import decode_head

HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "client" / "vademecum" / "js"
SCRIPT = HERE / "harness" / "decode_all.mjs"
ROUNDS = 400
QUERY = "Rotate the key, straŋe 東京 qqqq"


def _numbers(values: Iterable[int]) -> list[str]:
    return [str(int(value)) for value in values]


def _tensors(data: bytes) -> Any:
    file = decode_tensors(data)
    tensors = [[name, t.dtype, list(t.shape), bytes(t.data).hex()] for name, t in sorted(file.tensors.items())]
    return [dict(file.metadata), tensors]


def _segment(data: bytes) -> Any:
    s = decode_segment(data)
    chunks, documents = map(s.chunk, range(len(s.ids))), map(s.document, range(len(s.keys)))
    texts = zip(*((row.headings, row.anchor, row.text) for row in chunks), strict=True)
    facts = zip(*((row.key, row.title, row.url, row.metadata) for row in documents), strict=True)
    strings = [*(texts if s.ids else [()] * 3), *(facts if len(s.keys) else [()] * 4)]
    columns = [s.ids, s.scales, s.document_sequences, s.removed, s.document_chunks, s.bounds]
    return [s.epoch, s.dimensions, bytes(s.vectors).hex(), [list(c) for c in strings], [*map(_numbers, columns)]]


def _encoder(data: bytes) -> Any:
    encoder = decode_encoder(data)
    e = encoder.file
    goldens = [[golden.text, _numbers(golden.vector)] for golden in e.goldens]
    alphabet = [_numbers(e.alphabet.codes), list(e.alphabet.to), bytes(e.alphabet.solo).hex()]
    return [
        *(e.name, e.dimensions, list(e.words), bytes(e.rows).hex(), _numbers(e.weights)),
        *(*alphabet, goldens, _numbers(encoder.encode(QUERY))),
    ]


def _head(data: bytes) -> Any:
    head = asdict(decode_head(resealed(data)))
    for generation in filter(None, (head["current"], head["previous"])):
        for name in ("manifest", "root", "signers"):  # for Python alone
            del generation[name]
    return [head["current"], head["previous"], head["pinned"], head["refused"]]


def _numbered() -> bytes:
    """Return a file whose tensors have numbers for names: an object of JavaScript has these first."""
    return encode_tensors(
        TensorFile({"b": integers("U32", [1]), "10": integers("U8", [2]), "9": integers("U8", [])}, {})
    )


CASES: list[tuple[str, Callable[[bytes], Any], Callable[[], list[bytes]], Mutate]] = [
    ("tensors", _tensors, lambda: [*golden().segments, small_segment(), _numbered()], mutate_tensors),
    ("segment", _segment, lambda: [*golden().segments, small_segment()], mutate_tensors),
    ("encoder", _encoder, lambda: [small_encoder()], mutate_tensors),
    ("head", _head, lambda: [head_record()], mutate_json),
]


def _read(read: Callable[[bytes], Any], data: bytes) -> Any:
    """Return what Python read; None where it refused."""
    try:
        return json.loads(json.dumps(read(data)))
    except VademecumError:
        return None


def _in_javascript(name: str, files: list[bytes], folder: Path) -> list[dict[str, Any]]:
    program = shutil.which("node")
    assert program is not None, "Node.js 20 or newer is needed to test the browser client"
    inputs = folder / "inputs.json"
    inputs.write_text(json.dumps([[name, base64.b64encode(data).decode()] for data in files]))
    command = [program, "--max-old-space-size=512", str(SCRIPT), CLIENT.as_uri(), str(inputs)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    verdicts: list[dict[str, Any]] = json.loads(done.stdout)
    return verdicts


@pytest.mark.fault("A12", "C38")
@pytest.mark.parametrize(("name", "read", "seeds", "mutate"), CASES, ids=[case[0] for case in CASES])
def test_what_python_takes_is_the_same_here(
    name: str, read: Callable[[bytes], Any], seeds: Callable[[], list[bytes]], mutate: Mutate, tmp_path: Path
) -> None:
    random = Random(name)
    files = list(seeds())
    for _ in range(ROUNDS):
        data = random.choice(seeds())
        for _ in range(random.choice((1, 1, 2, 4))):
            data = mutate(data, random)
        files.append(data)
    verdicts = _in_javascript(name, files, tmp_path)
    assert len(verdicts) == len(files)
    taken = 0
    for number, (data, verdict) in enumerate(zip(files, verdicts, strict=True)):
        expected = _read(read, data)
        taken += expected is not None
        what = f"{name} {number}, {len(data)} bytes: {str(verdict)[:600]}"
        assert "crash" not in verdict, what
        if expected is not None:
            assert verdict.get("value") == expected, f"{what}; Python: {str(expected)[:600]}"
    assert len(seeds()) <= taken < len(files), "some are taken, some are not"
