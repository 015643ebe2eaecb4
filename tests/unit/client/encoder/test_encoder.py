"""The client's encoder against format.md, section 4.3. Runs in Pyodide too: no numpy here."""

from __future__ import annotations

import base64
import json
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from vademecum.encoder.alphabet import MAX_WORDS_READ, Alphabet
from vademecum.encoder.file import MAX_GOLDEN_TEXT, MAX_LETTER, WORDS_WEIGHT, EncoderFile, Golden, encode_encoder
from vademecum.encoder.query import MAX_COMPLETIONS, Encoder, decode_encoder, root
from vademecum.errors import ContentError, NewerFormatError, SelfTestError
from vademecum.format.tensors import Tensor, TensorFile, decode_tensors, encode_tensors, integers, string_column

GOLDEN = Path(__file__).with_name("golden_encoder.json")
METADATA = {"format": "vademecum.encoder.1", "name": "test", "bits": "4", "dimensions": "5"}

LETTERS = {letter: (letter.lower(), 0) for letter in "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789"}
LETTERS |= {"ß": ("ss", 0), "é": ("e", 0), "\u0301": ("", 0), "\u200d": ("", 0), "鍵": ("鍵", 1), "𝒜": ("a", 0)}
LETTERS |= {"\u3099": ("", 1)}
ALPHABET = Alphabet(
    sorted(map(ord, LETTERS)),
    [LETTERS[letter][0] for letter in sorted(LETTERS)],
    bytes(LETTERS[letter][1] for letter in sorted(LETTERS)),
)


def make(rows: Mapping[str, Sequence[int]], weights: Sequence[int] | None = None) -> Encoder:
    dimensions = len(next(iter(rows.values()), (0,)))
    weights = weights or [1] * len(rows)
    return Encoder(EncoderFile("test", dimensions, list(rows), b"".join(map(packed, rows.values())), weights, ALPHABET))


def packed(row: Sequence[int]) -> bytes:
    codes = [value + 8 for value in row] + [0] * (len(row) % 2)
    return bytes(low + 16 * high for low, high in zip(codes[::2], codes[1::2], strict=True))


def reference_words(file: EncoderFile, text: str) -> list[str]:
    """Splitting, word for word as the page tells it."""
    table = {code: (file.alphabet.to[i], file.alphabet.solo[i]) for i, code in enumerate(file.alphabet.codes)}
    words, current = [], ""
    for character in text:
        to, solo = table.get(ord(character), ("", 1))
        if solo:
            words += [current, to]
            current = ""
        else:
            current += to
    return [word for word in [*words, current] if word][:4096]


def reference_encode(file: EncoderFile, text: str) -> tuple[int, ...]:
    """Looking up and encoding, word for word as the page tells it."""
    tf: Counter[int] = Counter()
    words = reference_words(file, text)
    for word in words:
        if word in file.words:
            tf[list(file.words).index(word)] += 1
        elif len(word) >= 3:
            tf.update([i for i, known in enumerate(file.words) if known.startswith(word) and " " not in known][:8])
    tf.update(i for pair in pairwise(words) for i, known in enumerate(file.words) if known == " ".join(pair))
    width = -(-file.dimensions // 2)
    codes = [byte >> shift & 15 for byte in bytes(file.rows) for shift in (0, 4)]
    rows = [[code - 8 for code in codes[at : at + file.dimensions]] for at in range(0, len(codes), 2 * width)]
    sums = [
        sum(math.floor(math.sqrt(65536 * n)) * file.weights[w] * rows[w][i] for w, n in tf.items())
        for i in range(file.dimensions)
    ]
    m = max(abs(a) for a in sums)
    return tuple(math.floor(float(a * 127) / float(m) + 0.5) if m else 0 for a in sums)


def random_encoder(seed: int) -> Encoder:
    chance = random.Random(seed)
    words = list({"".join(chance.choices("abc", k=chance.randint(1, 6))) for _ in range(200)} | {"鍵", "ss"})
    words.sort(key=lambda word: (len(word), word))
    chance.shuffle(words)
    rows = {word: [chance.randint(-8, 7) for _ in range(5)] for word in words}
    weights = [chance.randint(0, 65535) for _ in words]
    return make(rows, weights)


def random_text(chance: random.Random) -> str:
    letters = "aabbccABC  .,é\u0301ß鍵𝒜\u3099\ud800🙂"
    return "".join(chance.choices(letters, k=chance.randint(0, 60)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Ab c", ["ab", "c"]),
        ("  --a_b--  ", ["a", "b"]),
        ("straße", ["strasse"]),
        ("e\u0301té", ["ete"]),
        ("\u0301 \u0301", []),
        ("key鍵鍵key", ["key", "鍵", "鍵", "key"]),
        ("a\u3099b", ["a", "b"]),
        ("𝒜b", ["ab"]),
        ("ab\U0001f642cd\ud800ef", ["ab", "cd", "ef"]),
        ("a\u200db", ["ab"]),
    ],
)
def test_split(text: str, words: list[str]) -> None:
    assert ALPHABET.split(text) == words


def test_only_4096_words_are_read() -> None:
    encoder = make({"aaa": [1, 0], "bbb": [0, 1]})
    assert MAX_WORDS_READ == 4096
    assert len(encoder.split("aaa " * 5000)) == 4096
    assert encoder.encode("aaa " * 4096 + "bbb") == (127, 0)
    assert encoder.encode("aaa " * 4095 + "bbb")[1] > 0


def test_a_vector_by_hand() -> None:
    encoder = make({"aaa": [3, -4, 0], "bbb": [0, 1, 1]}, [10, 1])
    assert encoder.accumulate("aaa") == [256 * 30, -256 * 40, 0]
    assert encoder.encode("aaa") == (95, -127, 0)
    # floor(sqrt(65536 * 2)) is 362
    assert encoder.accumulate("Aaa. aaa, bbb") == [362 * 30, -362 * 40 + 256, 256]


def test_halves_are_rounded_up() -> None:
    # 127 * 1 / 2 = 63.5 and 127 * -1 / 2 = -63.5
    assert make({"aaa": [2, 1, -1]}).encode("aaa") == (127, 64, -63)


def test_a_text_without_known_words_is_zero() -> None:
    assert make({"aaa": [3, 4]}).encode("zzz 🙂") == (0, 0)
    assert make({"aaa": [3, 4]}, [0]).encode("aaa") == (0, 0)


def test_a_known_word_stands_for_itself() -> None:
    encoder = make({"key": [1, 0], "keys": [0, 1]})
    assert encoder.encode("key") == (127, 0)


def test_an_unknown_word_stands_for_the_words_that_begin_with_it() -> None:
    encoder = make({"keyring": [1, 0, 0], "keys": [0, 1, 0], "lock": [0, 0, 1]})
    assert encoder.encode("key") == (127, 127, 0)
    assert encoder.accumulate("key key") == [362, 362, 0]
    assert encoder.encode("ke") == (0, 0, 0)
    assert encoder.accumulate("key", prefixes=False) == [0, 0, 0]


def test_two_words_that_the_table_has_together_stand_for_that_too() -> None:
    encoder = make({"turn": (1, 0, 0), "turn off": (0, 1, 0), "off switch": (0, 0, 1)})
    assert encoder.accumulate("turn off") == [256, 256, 0]
    assert encoder.accumulate("turn off switch, turn off") == [362, 362, 256]
    assert encoder.accumulate("off turn of, tur") == [362, 0, 0]  # what is being typed stands for words alone
    assert encoder.accumulate("turn off", prefixes=False) == [256, 0, 0]  # a text says what it says


def test_only_the_first_eight_in_the_order_of_the_table_count() -> None:
    endings = "zyxwvutsrq"
    rows = {f"abc{ending}": [int(i == j) for j in range(10)] for i, ending in enumerate(endings)}
    assert make(rows).encode("abc") == (127,) * 8 + (0, 0)


def test_three_code_points_are_enough_whatever_they_take_to_store() -> None:
    assert make({"aab": [1], "鍵": [1]}).encode("鍵") == (127,)
    assert make({"ssx": [1]}).encode("ß") == (0,)
    assert make({"sssx": [1]}).encode("ßs") == (127,)


@pytest.mark.parametrize("seed", range(10))
def test_it_does_what_the_page_says(seed: int) -> None:
    encoder, chance = random_encoder(seed), random.Random(seed)
    for _ in range(50):
        text = random_text(chance)
        assert encoder.split(text) == reference_words(encoder.file, text)
        assert encoder.encode(text) == reference_encode(encoder.file, text)


def test_the_largest_sum_is_exact_in_a_double() -> None:
    of_a_word = MAX_COMPLETIONS * 65535 * 128
    assert MAX_WORDS_READ * root(1) * of_a_word < 2**47 < 2**53


def test_round_trip() -> None:
    file = random_encoder(1).file
    file = replace(file, goldens=[Golden("abc", (1, -127, 0, 5, 127))], model="made with this")
    data = encode_encoder(file)
    decoded = decode_encoder(data)
    assert encode_encoder(decoded.file) == data
    assert decoded.file.model == "made with this"
    assert decoded.name == "test"
    assert decoded.dimensions == 5
    assert list(decoded.file.words) == list(file.words)
    assert decoded.encode("abc a") == Encoder(file).encode("abc a") != (0,) * 5


def test_an_encoder_without_words() -> None:
    file = EncoderFile("empty", 8, [], b"", [], Alphabet([], [], b""))
    assert decode_encoder(encode_encoder(file)).encode("abc") == (0,) * 8
    assert b"words" not in encode_encoder(file)


def test_goldens_are_checked() -> None:
    encoder = random_encoder(2)
    good = Golden("abc 鍵", encoder.encode("abc 鍵"))
    Encoder(replace(encoder.file, goldens=[good])).check_golden()
    bad = Golden("abc 鍵", (*good.vector[:-1], good.vector[-1] ^ 1))
    with pytest.raises(SelfTestError, match="abc 鍵"):
        Encoder(replace(encoder.file, goldens=[good, bad])).check_golden()


def tensors(**changes: Tensor | None) -> dict[str, Tensor]:
    """The tensors of a good file, some of them (`a__b` for `a.b`) changed or left out."""
    good = decode_tensors(encode_encoder(replace(random_encoder(3).file, goldens=[Golden("a", (1,) * 5)])))
    named = {name.replace("__", "."): tensor for name, tensor in changes.items()}
    return {name: tensor for name, tensor in {**good.tensors, **named}.items() if tensor is not None}


@pytest.mark.parametrize("dimensions", ["0", "4097", "10000", "05", "five"])
def test_a_row_has_1_to_4096_dimensions(dimensions: str) -> None:
    with pytest.raises(ContentError, match="dimensions"):
        decode_encoder(encode_tensors(TensorFile(tensors(), METADATA | {"dimensions": dimensions})))


def test_bits_beyond_the_dimensions_are_zero() -> None:
    found = tensors()
    data = bytearray(found["word.row"].data)
    data[-1] |= 0x10
    found["word.row"] = replace(found["word.row"], data=bytes(data))
    with pytest.raises(ContentError, match="beyond"):
        decode_encoder(encode_tensors(TensorFile(found, METADATA)))


COUNT = len(random_encoder(3).file.words)
SIZE = len(ALPHABET.codes)


@pytest.mark.parametrize(
    "changed",
    [
        {"word__row": None},
        {"word__row": integers("U8", [0] * 3, (1, 3))},
        {"word__row": integers("I8", [0] * COUNT * 3, (COUNT, 3))},
        {"word__weight": integers("U16", [1])},
        string_column("word", ["same"] * COUNT),
        string_column("word", ["", *map(str, range(COUNT - 1))]),
        {"word": integers("U8", [0xFF] * 9)},
        {"alphabet__from": integers("U32", [97] * SIZE)},
        {"alphabet__from": integers("U32", reversed(range(SIZE)))},
        {"alphabet__from": integers("U32", [*range(SIZE - 1), 0x110000])},
        {"alphabet__from": integers("U32", range(SIZE - 1))},
        {"alphabet__solo": integers("U8", [0] * (SIZE - 1) + [2])},
        {"alphabet__solo": integers("U8", [0, 2] + [0] * (SIZE - 2))},
        {"alphabet__to": None},
        {"golden__vector": integers("I8", [1] * 4, (1, 4))},
        {"golden__vector": None},
        {**string_column("golden.text", ["a"] * 300), "golden__vector": integers("I8", [1] * 1500, (300, 5))},
    ],
)
def test_malformed_files_are_refused(changed: dict[str, Tensor | None]) -> None:
    decode_encoder(encode_tensors(TensorFile(tensors(), METADATA)))
    with pytest.raises(ContentError):
        decode_encoder(encode_tensors(TensorFile(tensors(**changed), METADATA)))


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"name": ""}, ContentError),
        ({"format": "vademecum.segment.1"}, ContentError),
        ({"format": "vademecum.encoder.2"}, NewerFormatError),
        ({"bits": "2"}, ContentError),
        ({"bits": ""}, ContentError),
    ],
)
def test_other_files_are_refused(metadata: dict[str, str], error: type[ContentError]) -> None:
    with pytest.raises(ContentError) as caught:
        decode_encoder(encode_tensors(TensorFile(tensors(), METADATA | metadata)))
    assert caught.type is error


@pytest.mark.parametrize("weight", [0, 1, 400, 65_535])
def test_the_weight_of_words(weight: int) -> None:
    file = replace(random_encoder(1).file, words_weight=weight)
    assert decode_encoder(encode_encoder(file)).file.words_weight == weight
    assert EncoderFile("x", 1, [], b"", [], ALPHABET).words_weight == WORDS_WEIGHT


@pytest.mark.parametrize("text", ["", "-1", "+1", "01", " 1", "1.0", "65536", "9" * 5000, "١", "x"])
def test_other_weights_of_words_are_refused(text: str) -> None:
    with pytest.raises(ContentError, match="weight of words"):
        decode_encoder(encode_tensors(TensorFile(tensors(), METADATA | {"words": text})))


def test_the_golden_encoder_gives_the_golden_vectors() -> None:
    """The same file checks `js/search/encoder.mjs`: both runtimes must agree on every case."""
    kept = json.loads(GOLDEN.read_bytes())
    encoder = decode_encoder(base64.b64decode(kept["encoder"]))
    encoder.check_golden()
    assert len(kept["cases"]) >= 40
    for case in kept["cases"]:
        text = case["head"] * case["times"] + case["text"]
        assert list(encoder.encode(text)) == case["vector"]
        assert encoder.split(text) == case.get("words", encoder.split(text)[:MAX_WORDS_READ])


def decode_changed(name: str, values: Sequence[str]) -> None:
    file = decode_tensors(encode_encoder(limited_file()))
    decode_encoder(encode_tensors(replace(file, tensors={**file.tensors, **string_column(name, values)})))


def limited_file() -> EncoderFile:
    alphabet = Alphabet([97, 98], ["a", "b"], bytes(2))
    return EncoderFile("test", 2, ["ab"], b"\xa9", [1], alphabet, [Golden("ab", (64, 127))])


def test_texts_in_an_encoder_have_limits() -> None:
    """Of bytes, not characters; format.md, section 4.3. One more is refused."""
    decode_changed("alphabet.to", ["ä" * (MAX_LETTER // 2), "b"])
    decode_changed("golden.text", ["ä" * (MAX_GOLDEN_TEXT // 2)])
    with pytest.raises(ContentError, match="what a character becomes"):
        decode_changed("alphabet.to", ["ä" * (MAX_LETTER // 2) + "a", "b"])
    with pytest.raises(ContentError, match="golden text"):
        decode_changed("golden.text", ["ä" * (MAX_GOLDEN_TEXT // 2) + "a"])
