"""What a reader of each site gets, rendered and from its sources: `python tests/sites/table.py [NAME ...]`.

Each is built by `build`, its hits are asked of the rendered pages by `check_links`, the manual's ten questions of an
installed store by `KnowledgeBase`. A row: pages and anchors of hits that exist, lines of menus in the text, documents
with leftovers of markup, questions with the right page among the first three.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench.dev_keys import make_keys  # noqa: E402
from sites import build as sites  # noqa: E402
from sites.manual import PAGES, QUESTIONS  # noqa: E402
from sites.questions import unanswered  # noqa: E402
from vademecum.knowledge import KnowledgeBase  # noqa: E402
from vademecum_builder.build import BuildRequest, build  # noqa: E402
from vademecum_builder.links import check_links  # noqa: E402

TITLES = {title for _, title, _ in PAGES}


def row(name: str, source: Path, work: Path) -> str:
    """Build a folder, ask its links of the rendered site `name`, and its questions."""
    out, keys = work / "out", make_keys(work / "keys")
    request = BuildRequest(source=source, out=out, base_url=sites.SITE, keys=keys, site=False)
    report = build(request)
    links = check_links(str(out), str(HERE / name))
    asked = links.pages + links.anchors
    with KnowledgeBase.open(work / "store.db", url=out) as kb:
        kb.sync()
        menus, found = 0, len(QUESTIONS) - len(unanswered(kb.search))
        for question, _ in QUESTIONS:
            for hit in kb.search(question, limit=20):
                menu = [line for line in hit.text.split("\n") if line in TITLES - {hit.title}]
                menus += len(menu) * (len(menu) > 2 and not re.search("package-summary|brunnen/index", hit.document))
    right = 100 * (asked - len(links.broken)) / asked
    return (
        f"{links.pages:>5} {links.anchors:>7} {right:>6.1f} % {menus:>6} {len(report.audit.leftovers):>9} "
        f"{found:>4} of {len(QUESTIONS)}"
    )


def main(names: list[str]) -> None:
    print(f"{'site':<18} {'from':<9} pages anchors    exist  menus leftovers questions")
    sites.run = lambda *_command, **_options: None  # the sources alone are written
    sites._with_modules = lambda *_arguments: None
    for name, write in sites.GENERATORS.items():
        if names and name not in names:
            continue
        with tempfile.TemporaryDirectory() as work:
            print(f"{name:<18} {'rendered':<9} {row(name, HERE / name, Path(work))}", flush=True)
        if name in ("javadoc", "rustdoc"):
            continue  # their sources are programs
        with tempfile.TemporaryDirectory() as work:
            source = Path(work).resolve() / "source"
            source.mkdir()
            write(source)
            print(f"{name:<18} {'sources':<9} {row(name, source, Path(work))}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
