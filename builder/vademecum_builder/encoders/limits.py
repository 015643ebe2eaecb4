"""What a fit may take. Apart from the fits, so that a build that fits nothing does not import them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FitLimits:
    """What a fit may take. The defaults are for knowledge bases of up to some 100,000 chunks on 2 cores.

    Attributes:
        dimensions: D. A transformer that has more is projected onto so many directions.
        builtin_words: Vocabulary of the builtin encoder.
        builtin_levels: The largest component of its rows; up to 7 they are packed, 4 bits each.
        builtin_words_weight: What words weigh against its meaning, in thousandths: more than against a
            transformer's, for it knows little more than they do.
        model_words_weight: The same against a transformer's.
        model_words: Vocabulary of a transformer's query table.
        model_levels: The largest component of its rows.
        model_step: Between two components of a common word's row, as a part of its root mean square.
        model_rare_step: The same for other words (site/content/decisions/encoder-table.md).
        model_common: In how many texts a common word stands.
        word_length: Longer words are blobs of data, in characters.
        sample: The most texts that the decomposition or the regression reads.
        parts: The most sentences and headings embedded for the regression: minutes, whatever the number of texts.
        penalty: Of the ridge regression, where every example has length 1.
        general: The sentences that the prior of the language is made of, for a model whose prior does not come
            along; 0: every word's prior is its own embedding.
        general_words: The most words of the language that the table has beside those of the texts.
        goldens: Golden texts.
        golden_length: The most characters of one.
        batch: Texts that a transformer embeds at a time.
    """

    dimensions: int = 96
    builtin_words: int = 16_384
    builtin_levels: int = 7
    builtin_words_weight: int = 850
    model_words_weight: int = 500
    model_words: int = 8_192
    model_levels: int = 7
    model_step: float = 0.4
    model_rare_step: float = 1.0
    model_common: int = 5
    word_length: int = 40
    sample: int = 20_000
    parts: int = 20_000
    penalty: float = 3.0
    general: int = 16_000
    general_words: int = 400
    goldens: int = 16
    golden_length: int = 80
    batch: int = 32
