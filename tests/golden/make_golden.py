"""Made `format-1/`, once. Not to be run again for a format that has been released: see README.md.

.venv/bin/python tests/golden/make_golden.py tests/golden/format-1
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from support.publishing import Line, ask, pulled
from vademecum.format.objects import FORMAT
from vademecum_builder.index.tiers import TierLimits
from vademecum_builder.signing.defaults import Validity

KEYS = """---
author: Ann
---
# Keys

## Make

Make a root key and a release key.

## Rotate

Rotate the release key each year:

1. make one with `vade keys`,
2. **sign** it, as in [the lamp](lamp.md).

```sh
vade keys renew
```
"""
LAMP = """# The lamp

A lamp needs oil, a wick and a *steady* hand.

| part | of |
| --- | --- |
| wick | cotton |

Straße, café, 東京: words of other scripts.
"""
FIRST = {"keys.md": KEYS, "lamp.md": LAMP, "weather.txt": "The weather\n\nRain in the morning, sun at noon.\n"}
SECOND = {
    "keys.md": KEYS.replace("each year", "after every incident"),
    "lamp.md": LAMP,
    "tides.md": "# Tides\n\nThe tide turns twice a day; the moon says when.\n",
}
TIERS = TierLimits(s0=10, cheap=10, dead_share=0.9)
"""So that the second release keeps the segment of the first, dead rows and all."""
QUERIES = ("rotate", "lamp oil", "café", "東京", "rain", "tide", "incident", "mak", "nothing of the kind")


def main(folder: Path) -> None:
    if folder.exists():
        sys.exit(f"{folder} is there already, and frozen")
    with tempfile.TemporaryDirectory() as temporary:
        line = Line(Path(temporary))
        expected = {}
        for name, files in (("first", FIRST), ("second", SECOND)):
            # A century: what is tested is the format, and the clock of the test stands still anyway.
            line.release(files, validity=Validity(*[timedelta(days=36_500)] * 3), tiers=TIERS)
            shutil.copytree(line.out, folder / name)
            expected[name] = hits_of(line)
            line.later(days=1)
        (folder / "root.json").write_bytes(line.root)
    text = json.dumps({"format": FORMAT, "hits": expected}, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")


def hits_of(line: Line) -> dict[str, list[dict[str, object]]]:
    store = pulled(line)
    return {
        query: [
            {"chunk": hit.id, "document": hit.document, "score": round(hit.score, 9)}
            | {"text": hit.text, "markdown": hit.markdown}
            for hit in ask(store, query)
        ]
        for query in QUERIES
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
