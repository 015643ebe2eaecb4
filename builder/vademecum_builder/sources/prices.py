"""Prices, as catalogs write them, as numbers."""

from __future__ import annotations

import re

_CURRENCY = r"(?:[A-Z]{3}|[$€£¥₹₽₩]|kr|zł|Kč)"
_AMOUNT = re.compile(rf"\s*(-?)\s*{_CURRENCY}?\s*(\d[\d.,'’\s]*?)\s*(?:[-–—]{{1,2}})?\s*{_CURRENCY}?\s*")
_POINT_GROUPS = re.compile("€|EUR|CHF|DKK|NOK|SEK|PLN|kr|zł")
"""With these currencies, a point before three digits separates thousands."""
_THOUSANDS = re.compile(r"\d*|\d{1,3}(?:[.,]\d{2,3})*[.,]\d{3}")
"""In groups, the last of three digits; `1,00,000` is also a way to write thousands."""


def price_of(text: str) -> float | str:
    """Return a price as a number: `1.299,00 €`, `$1,299`, `12.50`; the text itself if it is not a price.

    Of two different marks, the last is the decimal one; a mark that occurs twice is not. A single mark before three
    digits separates thousands if it is a comma, or a point beside the sign of a currency that is written so. Digits in
    other groups are not a price, but a date, a version or an address.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return text
    digits = re.sub(r"['’\s]", "", found[2])
    marks = re.sub(r"\d", "", digits)
    if not marks:
        return int(found[1] + digits)
    whole, _, part = digits.rpartition(marks[-1])
    alone = len(marks) == 1 and len(part) == 3 and whole != "0"
    grouped = marks.count(marks[-1]) > 1 or (alone and (marks == "," or bool(_POINT_GROUPS.search(text))))
    thousands = whole + marks[-1] + part if grouped else whole
    if not _THOUSANDS.fullmatch(thousands):
        return text
    plain = re.sub("[,.]", "", whole) + ("" if grouped else ".") + part
    value = float(found[1] + plain)
    return int(value) if value.is_integer() else value
