"""Subtitles (SubRip, WebVTT): what is said, under the times at which it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from vademecum_builder.readers.outline import Outline, Reading

_TIME = r"(?:(\d+):)?(\d\d?):(\d\d)[.,]\d{1,3}"
_CUE = re.compile(rf"[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}")
_BEGINS = re.compile(rf"\s*(?:WEBVTT(?![^\s])|(?:\d+[ \t]*\n)?{_CUE.pattern})")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]+)>")
_MARKUP = re.compile(r"</?[\w.:]+[^<>]*>|\{\\[^{}]*\}|\S+#xywh=\S+")
"""Tags, the codes of SubStation Alpha for places (`{\\an8}`), and pictures that players show as a preview."""
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_PART = 60
"""Seconds of a part; it goes on to the end of its sentence."""
_LONGEST = 90
"""Seconds after which a part ends without the end of a sentence: programs that listen write none."""


def is_subtitles(text: str) -> bool:
    """Return whether a text (line breaks are `\\n`) begins as subtitles do."""
    return _BEGINS.match(text) is not None


def read_subtitles(text: str) -> Reading:
    """Return parts of about a minute, each under its time (`12:30`), with the anchor that players of media know
    (`t=750`, W3C Media Fragments). Line breaks of the text are `\\n`.

    A line that a cue repeats from the one before, as captions that roll up do, is said once.
    """
    outline = Outline()
    begun, said, last, voice = -_LONGEST, [""], "", ""
    for second, speaker, lines in _cues(text):
        ended = _ENDS.search(last) is not None
        if second - begun >= (_PART if ended else _LONGEST):
            outline.block(" ".join(said))
            begun, said = second, []
            outline.heading(2, _shown(second), anchor=f"t={second}")
        for line in lines:
            if line == last:
                continue
            if speaker != voice and speaker:
                outline.block(" ".join(said))
                said = [f"{speaker}:"]
            said.append(line)
            last, voice = line, speaker
    outline.block(" ".join(said))
    return Reading("", outline.sections(""))


def _cues(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the second at which each cue begins, its speaker if it names one, and its lines."""
    for block in _BLANK_LINES.split(text):
        lines = block.split("\n")
        at = next((at for at, line in enumerate(lines[:2]) if _CUE.match(line)), None)
        if at is None:
            continue  # a head, a note or a style
        time = _CUE.match(lines[at])
        assert time is not None
        hours, minutes, seconds = (int(part or 0) for part in time.groups()[:3])
        voice = _VOICE.search(block)
        bare = (unescape(_MARKUP.sub("", line)).strip() for line in lines[at + 1 :])
        yield 3600 * hours + 60 * minutes + seconds, voice[1].strip() if voice else "", [one for one in bare if one]


def _shown(second: int) -> str:
    hours, rest = divmod(second, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
