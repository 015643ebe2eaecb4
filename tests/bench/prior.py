"""Makes the prior of a model, as it comes along with the builder: `prior.py SENTENCES --model FOLDER --out FILE`.

SENTENCES is a file of general sentences, one a line, mixed; `--gather FOLDER` makes one of unpacked Debian packages
(`apt-get download wordnet-base python3.11-doc ...`, `dpkg-deb -x`). Embeddings are kept (`--cache`), so that a run
goes on where another was stopped: 100,000 sentences take a quarter of an hour of one core that has nothing else to do.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from bench.embeddings import cached_embeddings
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.prior import encode_prior, fit_prior
from vademecum_builder.encoders.table import Matrix, unit
from vademecum_builder.encoders.transformer import Model

WORDS = 20_000
MOST = 12_000
"""Sentences of one package: none outweighs the others."""
_BORDER = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_GLOSS = re.compile(r"^\d{8} \d\d \S ([0-9a-f]{2}) (.*?) \d{3} .*?\| (.*)")


def gather(folder: Path) -> list[str]:
    """Return the sentences of all packages below `folder`, mixed, each once."""
    chance = random.Random(1)
    packages = []
    for package in sorted(path for path in folder.iterdir() if path.is_dir()):
        own = list(dict.fromkeys(_sentences(package)))
        chance.shuffle(own)
        packages.append(own[:MOST])
    everything = [sentence for own in packages for sentence in own]
    chance.shuffle(everything)
    return list(dict.fromkeys(everything))


def _sentences(package: Path) -> Iterator[str]:
    for path in sorted(package.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        if path.name.startswith("data.") and path.parent.name == "wordnet":
            for line in path.read_text("utf-8").splitlines():
                if match := _GLOSS.match(line):
                    gloss, *examples = match[3].split('"')
                    yield gloss.strip(" ;")
                    yield from (text for text in examples if _is_sentence(text))
        elif path.suffix in (".html", ".page", ".md", ".txt"):
            data = path.read_bytes()
            text = data.decode("utf-8", "replace")
            blocks = (
                [node.text() for node in LexborHTMLParser(text).css("p, li, dd")]
                if path.suffix in (".html", ".page")
                else re.split(r"\n\s*\n", text)
            )
            for block in blocks:
                yield from filter(_is_sentence, _BORDER.split(" ".join(block.split())))


def _is_sentence(text: str) -> bool:
    letters = sum(character.isalpha() or character == " " for character in text)
    return 25 <= len(text) <= 260 and 5 <= text.count(" ") <= 45 and letters > 0.86 * len(text)


def choose_words(sentences: Sequence[str]) -> list[str]:
    """Return the words of most sentences, of letters alone."""
    split = build_alphabet(sentences).split
    counts = Counter(word for sentence in sentences for word in set(split(sentence)))
    return [word for word, n in counts.most_common(WORDS) if n > 2 and word.isascii() and word.isalpha()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--gather", type=Path, help="write SENTENCES first, from packages below this folder")
    parser.add_argument("--model", required=True)
    parser.add_argument("--cache", type=Path, default=Path("prior-embeddings.db"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.gather:
        options.sentences.write_text("\n".join(gather(options.gather)) + "\n", "utf-8")
    sentences = options.sentences.read_text("utf-8").splitlines()
    with cached_embeddings(options.cache):
        model = Model.load(options.model)

        def embed(texts: Sequence[str]) -> Matrix:
            return unit(model.embed(texts, 32, lambda done, total: print(done, total, end="\r", flush=True)))

        made = fit_prior(choose_words(sentences), sentences, embed)
    options.out.write_bytes(encode_prior(made))
    print(f"{len(made.words)} words, {len(sentences)} sentences, {options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
