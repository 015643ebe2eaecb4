"""Sentences by seed: what the generators of this folder make texts of."""

from __future__ import annotations

from random import Random

_TEXT = """oak pine chair table lamp river heron otter engine valve pump filter cable socket window door roof garden
harbour bridge tunnel ticket invoice refund parcel station platform signal meter sensor battery charger screen keyboard
printer router backup restore password account meeting holiday report budget contract supplier customer warehouse shelf
label colour green blue heavy light broken new old quick slow quiet loud warm cold open closed"""
_WORDS = _TEXT.split()


def sentence(random: Random, shortest: int = 4, longest: int = 14) -> str:
    """Return a sentence of so many words."""
    words = random.choices(_WORDS, k=random.randint(shortest, longest))
    return f"{' '.join(words).capitalize()}."


def name(random: Random) -> str:
    """Return a name of two or three words."""
    return " ".join(random.sample(_WORDS, random.randint(2, 3))).capitalize()
