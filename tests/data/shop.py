"""A shop's products over days: what is new, dearer, described anew, or gone, by seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from data.words import name, sentence

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Product:
    """A product; `price` and `stock` are no part of its text."""

    id: int
    name: str
    description: str
    price: float
    stock: int
    changed: str


@dataclass
class Shop:
    """What a shop has; `next_day` moves it on.

    Attributes:
        products: How many there are on the first day.
        rows: By id.
        put, gone: The ids that the last day added or changed, and those that it took away.
        said_anew: Of those that were there, the ids whose text is another one.
    """

    products: int = 10_000
    seed: int = 1
    day: int = 0
    rows: dict[int, Product] = field(default_factory=dict)
    put: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    said_anew: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._next_id = 1

    def days(self, count: int) -> Iterator[int]:
        """Move on, one day at a time."""
        for _ in range(count):
            self.next_day()
            yield self.day

    def next_day(self) -> None:
        random = self._random
        there = list(self.rows)
        self.day += 1
        self.put, self.said_anew = [], []
        few = max(1, self.products // 200)
        chosen = random.sample(there, min(len(there), 4 * few))
        self.gone = chosen[:few] if self.day > 1 else []
        for id in self.gone:
            del self.rows[id]
        for id in chosen[few : 2 * few]:
            self.said_anew.append(id)
            self._put(replace(self.rows[id], description=f"{sentence(random, 8, 30)} Day {self.day}."))
        for id in chosen[2 * few :]:
            self._put(replace(self.rows[id], price=round(random.uniform(1, 500), 2), stock=random.randrange(100)))
        for _ in range(few if there else self.products):
            id, self._next_id = self._next_id, self._next_id + 1
            text = f"{sentence(random, 8, 30)} Number {id}."
            self._put(Product(id, name(random), text, round(random.uniform(1, 500), 2), random.randrange(100), ""))

    def _put(self, product: Product) -> None:
        moment = FIRST + timedelta(days=self.day, seconds=len(self.put) // 3)  # some at the same second
        self.rows[product.id] = replace(product, changed=moment.isoformat())
        self.put.append(product.id)
