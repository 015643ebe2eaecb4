"""The search box of a guide, used by a reader of the site: in the themes whose generators are at hand."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.test_guides import BASE, guide, render, set_up
from support.pages_host import PagesHost
from vademecum_builder.cli.main import main

THEMES = {
    "mkdocs": ("mkdocs", "mkdocs.yml", "name: mkdocs", "name: mkdocs\n  highlightjs: false"),  # of another host
    "material": ("mkdocs", "mkdocs.yml", "name: mkdocs", "name: material"),
    "alabaster": ("sphinx", "conf.py", "", ""),
    "furo": ("sphinx", "conf.py", "project =", "html_theme = 'furo'\nproject ="),
    "rtd": ("sphinx", "conf.py", "project =", "html_theme = 'sphinx_rtd_theme'\nproject ="),
    "hugo": ("hugo", "", "", ""),
    "jekyll": ("jekyll", "", "", ""),
    "mdbook": ("mdbook", "", "", ""),
    "vitepress": ("vitepress", "", "", ""),
    "docusaurus": ("docusaurus", "", "", ""),
}
SEARCH_BOXES = {"furo": "sidebar/search.html", "rtd": "searchbox.html"}
"""As the guide for Sphinx says that these themes call theirs."""
TRIED = ["mkdocs", "hugo", "mdbook", *os.environ.get("GUIDE_THEMES", "").split()]
"""The first ones come with the tests; GENERATORS_VENV and GENERATORS_NPM lead to the others (tests/sites/build.py):
GUIDE_THEMES="material vitepress"."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VADEMECUM_SIGNING_KEY", raising=False)
    (tmp_path / "repository").mkdir()
    monkeypatch.chdir(tmp_path / "repository")
    return Path.cwd()


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("theme", TRIED)
def test_a_reader_searches_from_a_page_and_comes_to_another(theme: str, place: Path, page: Page) -> None:
    name, file, old, new = THEMES[theme]
    out = place / tomllib.loads(guide(name, "x").block("toml"))["source"][0]["path"]
    out.mkdir(parents=True)
    with PagesHost(out, prefix=BASE) as host:
        shown = guide(name, host.url)
        set_up(name, shown, host.url)
        if file:
            Path(file).write_text(Path(file).read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        if theme in SEARCH_BOXES:
            box = Path("_templates", SEARCH_BOXES[theme])
            box.parent.mkdir(exist_ok=True)
            Path("_templates/searchfield.html").rename(box)
        Path("vademecum.toml").write_text(shown.block("toml"), encoding="utf-8")
        assert main(["keys", "new", "--out", "../keys", "-q"]) == 0
        shutil.copy("../keys/root.json", "root.json")
        render(name, shown, out, host.url)
        assert main(["build", "--keys", "../keys", "-q"]) == 0
        start = next(p for name in ("lanterns/index.html", "lanterns.html") for p in out.rglob(name))
        page.goto(host.url + start.relative_to(out).as_posix())
        page.locator("vademecum-search").first.get_by_role("button", name="Search").click()
        page.locator("vademecum-search #query").first.fill("candles")
        hit = page.locator("vademecum-search #results [role=option]").first
        expect(hit).to_contain_text("candles and their wicks", timeout=90_000)
        expect(page.locator("vademecum-search #pill").first).to_contain_text("Release 1", timeout=90_000)
        page.screenshot(path=place.parent / f"{theme}.png")
        hit.click()
        page.wait_for_url(re.compile("/candles"))
        expect(page.get_by_role("heading", name="About candles")).to_be_visible()
