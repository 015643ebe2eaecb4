"""`{name}: {description}`: templates that make texts and addresses of a record's fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any
from urllib.parse import quote

from vademecum.errors import UsageError
from vademecum_builder.kinds.values import shown
from vademecum_builder.sources.records import field_at, instead


@dataclass(frozen=True)
class Template:
    """A text with fields in braces, `{price.amount}` for nested ones; `{{` and `}}` are braces.

    Attributes:
        text: As in the settings.
        parts: Pairs of a literal text and the field after it; an empty field: none.
    """

    text: str
    parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template; a text without braces is a template of that text.

        Raises:
            UsageError: Braces that do not close, or a brace with more than a field's name.
        """
        try:
            parsed = list(Formatter().parse(text))
        except ValueError as error:
            raise UsageError(f"template {text!r}: {error}; write {{{{ for a brace") from None
        for _, name, form, conversion in parsed:
            if name is not None and (not name.strip() or form or conversion):
                raise UsageError(f"template {text!r}: expected the name of a field in braces, as in {{name}}")
        return cls(text, tuple((before, name or "") for before, name, _, _ in parsed))

    @classmethod
    def of(cls, told: str) -> Template:
        """Read a template if there are braces, else the name of a field, whatever is in it: `addr:street`. Errors: see
        `parse`."""
        return cls.parse(told) if "{" in told or "}" in told else cls.bare(told)

    @classmethod
    def bare(cls, name: str) -> Template:
        """Return the template for just one field, whatever is in its name."""
        return cls(name, (("", name),))

    @property
    def is_bare(self) -> bool:
        """Whether it is a field without braces."""
        return self.parts == (("", self.text),)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields."""
        return tuple(name for _, name in self.parts if name)

    def check(self, fields: Collection[str]) -> None:
        """Refuse a field that is not among these.

        Raises:
            UsageError: With the field, the template, and the field that may be meant.
        """
        for name in self.fields:
            if name not in fields:
                raise UsageError(f"template {self.text!r}: there is no field {name!r}; {instead(name, fields)}")

    def render(self, record: Mapping[str, Any], write: Callable[[str], str] = str) -> str:
        """Return the text for a record; `write` converts each field and each text between them.

        A field that is missing or null is empty.
        """
        return "".join(
            (write(before) if before else "") + (write(shown(field_at(record, name))) if name else "")
            for before, name in self.parts
        )

    def render_url(self, record: Mapping[str, Any]) -> str:
        """Return the address for a record: fields are percent-encoded, except one at the very beginning.

        Empty if a field is missing: half an address leads nowhere.
        """
        if any(not shown(field_at(record, name)) for name in self.fields):
            return ""
        address = ""
        for before, name in self.parts:
            address += before
            if name:
                text = shown(field_at(record, name))
                address += quote(text, safe="") if address else text
        return address
