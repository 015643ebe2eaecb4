"""The main job, once through: two releases, a store that follows them, searches, a rollback, a report.

Run by `make demo`. Everything is real: the `vade` commands a publisher and a user would type, a local host that
behaves like GitHub Pages, SQLite. It ends by itself.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.pages_host import PagesHost

HERE = Path(__file__).resolve().parent
CONTENT = HERE.parents[1] / "site" / "content"
QUESTION = "my tomatoes have brown spots"
NEW_QUESTION = "pigeons on my cabbages"
EDITED = "handbook/jobs/watering.md"
EDIT = """

## Pigeons

Stretch a net over young cabbages until they are knee-high. Old compact discs on a string scare
pigeons for a week, no longer.
"""


@dataclass
class Demo:
    """Paths of one run, below one folder that is made anew."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def store(self) -> Path:
        return self.folder / "knowledge.db"

    def vade(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a `vade` command as a user would; show it, and return what it said."""
        command = [str(argument) for argument in arguments]
        print(f"$ vade {' '.join(command)}", flush=True)
        run = subprocess.run(
            [sys.executable, "-m", "vademecum_builder.cli.main", *command, "--json"],
            cwd=self.folder,
            env={**os.environ, "CI": ""},  # `vade build` makes development keys, which it refuses to do in CI
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        answer: dict[str, Any] = json.loads(run.stdout)
        return answer

    def build(self) -> dict[str, Any]:
        return self.vade("build", "source", "--out", "site", "--title", "vademecum and the allotment")

    def pull(self, url: str) -> dict[str, Any]:
        return self.vade("pull", url, "--store", "knowledge.db", "--trust", ".vademecum/keys/root.json")

    def ask(self, question: str) -> list[str]:
        """Ask, show the first three hits, and return their documents."""
        hits = self.vade("search", question, "--store", "knowledge.db", "--limit", "3")["hits"]
        for hit in hits:
            place = " › ".join(filter(None, (hit["title"], hit["heading"])))
            print(f"    {hit['score']:.2f}  {place}")
        return [hit["document"] for hit in hits]


def main(folder: Path) -> int:
    started = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    demo = Demo(folder.resolve())
    shutil.copytree(HERE / "handbook", demo.source / "handbook")
    shutil.copytree(CONTENT, demo.source / "vademecum")
    first = demo.build()
    with PagesHost(demo.site, max_age=0) as server:
        install = demo.pull(server.url)
        expect(demo.ask(QUESTION)[0] == "handbook/plants/tomatoes.md", "the question finds the page on tomatoes")
        before = demo.ask(NEW_QUESTION)

        page = demo.source / EDITED
        page.write_text(page.read_text() + EDIT)
        print(f"  (edited {page.relative_to(demo.folder)}: a new section on pigeons)")
        second = demo.build()
        expect(demo.build()["changed"] is False, "building again without a change publishes nothing")
        update = demo.pull(server.url)
        after = demo.ask(NEW_QUESTION)
        expect(after[0] == EDITED and EDITED not in before, "the new section is found after the update")
        verified = demo.vade("verify", server.url, "--trust", ".vademecum/keys/root.json")
        expect(demo.vade("rollback", "--store", "knowledge.db")["to"] == 1, "rolled back to release 1")
        expect(demo.ask(NEW_QUESTION) == before, "the old release answers as before")
    report(first, second, install, update, verified, time.monotonic() - started)
    return 0


def report(
    first: dict[str, Any],
    second: dict[str, Any],
    install: dict[str, Any],
    update: dict[str, Any],
    verified: dict[str, Any],
    seconds: float,
) -> None:
    rows = [
        ("first build", f"{first['documents']} documents, {first['chunks']} chunks", first["seconds"]),
        ("first install", f"{install['bytes']:,} bytes, {install['requests']} requests", install["seconds"]),
        ("second build", f"{second['embedded']} chunks embedded, 1 page changed", second["seconds"]),
        ("update", f"{update['bytes']:,} bytes, {update['requests']} requests", update["seconds"]),
        ("verify", f"{verified['files']} files, {verified['bytes']:,} bytes", None),
    ]
    print("\nReport")
    for name, what, took in rows:
        print(f"  {name:14} {what:42} {'' if took is None else f'{took:.2f} s'}")
    saved = install["bytes"] / update["bytes"]
    print(f"  the update moved {saved:.0f} times fewer bytes than the first install")
    print(f"Done in {seconds:.0f} s. See the site: make serve")


def expect(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"demo failed: expected that {what}")
    print(f"  ok: {what}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo-out")))
