"""Makes the prior of a model, as it comes along with the builder: `prior.py SENTENCES --model FOLDER --out FILE`.

SENTENCES is a file of general sentences, one a line, mixed; `--gather FOLDER` makes one of unpacked Debian packages
(`apt-get download wordnet-base python3.11-doc ...`, `dpkg-deb -x`). `--wordnet` is the folder of WordNet's own files,
`usr/share/wordnet` of the first of these: its verbs of two words are the phrases. Embeddings are kept (`--cache`), so
that a run goes on where another was stopped: 100,000 sentences take a quarter of an hour of one core that has nothing
else to do.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from bench.embeddings import cached_embeddings
from vademecum_builder.encoders.alphabet import build_alphabet
from vademecum_builder.encoders.prior import encode_prior, fit_prior
from vademecum_builder.encoders.table import Matrix, unit
from vademecum_builder.encoders.transformer import Model

WORDS = 20_000
PHRASES = 600
MOST = 12_000
"""Sentences of one package: none outweighs the others."""
_BORDER = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_VERB = re.compile(r"([a-z]+)_([a-z]+) ")
_LIGHT = frozenset("be is are am was were been being have has had having do does did done doing".split())
"""Verbs that say nothing of what is done."""
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


def choose_phrases(wordnet: Path, sentences: Sequence[str], words: frozenset[str]) -> list[str]:
    """Return WordNet's verbs of two words (*turn off*), in the forms that are said most, of words that are known."""
    irregular = defaultdict(set)
    for form, *verbs in map(str.split, (wordnet / "verb.exc").read_text("utf-8").splitlines()):
        for verb in verbs:
            irregular[verb].add(form)
    found = filter(None, map(_VERB.match, (wordnet / "index.verb").read_text("utf-8").splitlines()))
    forms = {(form, match[2]) for match in found for form in _forms(match[1]) | irregular[match[1]]}
    said = Counter(pair for text in sentences for pair in pairwise(re.findall("[a-z]+", text.lower())) if pair in forms)
    told = ((pair, n) for pair, n in said.most_common() if n > 2 and words.issuperset(pair))
    return [" ".join(pair) for pair, _ in told if pair[0] not in _LIGHT and pair[1] != "it"][:PHRASES]


def _forms(verb: str) -> set[str]:
    """Return the regular forms of a verb, right or wrong: those that nobody says are counted nowhere."""
    bare = verb.removesuffix("e")
    said = {verb, f"{verb}s", f"{verb}es", f"{bare}ed", f"{bare}ing", f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing"}
    return said | ({f"{verb[:-1]}ies", f"{verb[:-1]}ied"} if verb.endswith("y") else set())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--gather", type=Path, help="write SENTENCES first, from packages below this folder")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
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

        words = choose_words(sentences)
        phrases = choose_phrases(options.wordnet, sentences, frozenset(words))
        made = fit_prior([*words, *phrases], sentences, embed)
    options.out.write_bytes(encode_prior(made))
    size = options.out.stat().st_size / 1e6
    print(f"{len(words)} words, {len(phrases)} phrases, {len(sentences)} sentences, {size:.2f} MB")


if __name__ == "__main__":
    main()
