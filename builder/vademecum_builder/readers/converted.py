"""Formats that a library or a program converts to HTML, which the reader of HTML reads."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from vademecum.errors import ContentError
from vademecum_builder.readers.html.page import read_html
from vademecum_builder.readers.outline import Reading
from vademecum_builder.readers.text import clean, clean_line

SECONDS = 60.0
"""A converter that takes longer is stopped."""
_SAID = {"": True, "true": True, "yes": True, "t": True, "false": False, "no": False, "nil": False}


def read_converted(page: str, metadata: Mapping[str, Any], warnings: Sequence[str] = ()) -> Reading:
    """Read a piece of HTML, with metadata of its source.

    Args:
        page: With a `title` in the metadata, it has no other heading of level 1.
    """
    title = f"<h1>{escape(str(metadata['title']))}</h1>" if "title" in metadata else ""
    reading = read_html(f"<main>{title}{page}</main>", listed=True)
    kept = {clean_line(name): value for name, value in metadata.items() if name != "title"}
    return Reading(reading.title, reading.sections, kept, (*warnings, *reading.warnings))


def typed(value: str) -> str | bool:
    """Return the value of a field of a head: `:draft: true`, `#+DRAFT: t` and a bare `:draft:` are true."""
    text = clean(value).strip()
    return _SAID.get(text.lower(), text)


def by_pandoc(form: str, text: str, *options: str) -> str:
    """Return the HTML that pandoc writes. Its sandbox reads no other file, and runs nothing. Errors: see
    `converted_by`."""
    import pypandoc

    heap = ("+RTS", "-M1g", "-RTS")  # a strange file must not use up all memory
    shape = ("--sandbox", "--to=html5", "--wrap=none", "--syntax-highlighting=none", "--mathjax")
    return converted_by((pypandoc.get_pandoc_path(), *heap, *shape, f"--from={form}", *options), text)[0]


def converted_by(command: Sequence[str], text: str) -> tuple[str, str]:
    """Return the output and the messages of a converter; raise ContentError if it fails, or takes longer than
    `SECONDS`."""
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=SECONDS, check=True)
    except subprocess.TimeoutExpired:
        raise ContentError(f"takes longer than {SECONDS:g} seconds to read: split it") from None
    except subprocess.CalledProcessError as error:
        raise ContentError(f"cannot be read ({clean_line(error.stderr.decode('utf-8', 'replace'), 120)})") from None
    return clean(done.stdout.decode("utf-8", "replace")), done.stderr.decode("utf-8", "replace")
