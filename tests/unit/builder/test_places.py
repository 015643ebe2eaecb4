"""One page in several versions and languages: what its path and its configuration tell, and what a search shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.publishing import NOW
from vademecum import KnowledgeBase
from vademecum.search.results import Hit
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.sources.places import PagePlace, PagePlaces, language_named, order_of, preferred, version_named

START = "Turn the red lever to start the pump."


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("version-1.0", "1.0"), ("release-2.4", "2.4"), ("v3", "v3"), ("V2.1", "V2.1"), ("1.2.x", "1.2.x"),
        ("3.0rc1", "3.0rc1"), ("latest", "latest"), ("Stable", "Stable"), ("2024", ""), ("1", ""),
        ("guide", ""), ("vendor", ""), ("ver1.2", "1.2"), ("version3", "3"), ("RELEASE_2.0", "2.0"), ("1.0a1", "1.0a1"),
        ("v1.2-beta.1", "v1.2-beta.1"), ("10.0-final", "10.0-final"), ("v", ""), ("v2x", ""), ("release-v2", ""),
        *((name, name) for name in "current next dev devel main master edge nightly unstable".split()),
    ],
)  # fmt: skip
def test_which_names_are_versions(name: str, version: str) -> None:
    assert version_named(name) == version


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("de", "de"),
        ("pt_BR", "pt-BR"),
        ("cn", "zh"),
        ("zh-Hans", "zh-Hans"),
        ("zh-cn", "zh-cn"),
        ("CN", "zh"),
        ("jp", "ja"),
        ("es-419", "es-419"),
        ("zh_Hant_TW", "zh-Hant-TW"),
        ("DE", "DE"),
        ("en-UK", "en-UK"),
        ("no-void", ""),
        ("is-ok", ""),
        ("no-in-hans", ""),
        ("en-Latn-US-x", ""),
        ("de-", ""),
        ("eng", ""),
        ("ts", ""),
        ("api", ""),
        ("xx", ""),
    ],
)
def test_which_names_are_languages(name: str, language: str) -> None:
    assert language_named(name) == language


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            "v2/old.md v3.1/a.md v3.2/a.md README.md README-zh-Hans.md",
            {"v2/old.md": PagePlace("old.md", version="v2"), "README-zh-Hans.md": PagePlace("README.md", "zh-Hans")},
        ),
        ("1.0/a.md 2.0/a.md", {"1.0/a.md": PagePlace("a.md", version="1.0")}),
        ("en/v1/a.md en/v2/a.md de/v2/a.md", {"de/v2/a.md": PagePlace("a.md", "de", "v2")}),
        ("docs/a.md docs/de/a.md", {"docs/de/a.md": PagePlace("docs/a.md", "de"), "docs/a.md": PagePlace()}),
        ("a.md a.de.md b.fr.md", {"a.de.md": PagePlace("a.md", "de"), "b.fr.md": PagePlace()}),
        ("a.en.md a.pt-BR.md", {"a.pt-BR.md": PagePlace("a.md", "pt-BR"), "a.en.md": PagePlace("a.md", "en")}),
        (
            "x/v1/a.md x/v2/a.md y/v1/b.md y/v3/c.md",  # a name that is a version somewhere is one everywhere
            {
                "x/v2/a.md": PagePlace("x/a.md", version="v2"), "y/v1/b.md": PagePlace("y/b.md", version="v1"),
                "y/v3/c.md": PagePlace(),
            },
        ),
        ("1.0/x/a.md 2.0/x/a.md 3.0/z.md next/q.md",
         {"2.0/x/a.md": PagePlace("x/a.md", version="2.0"), "3.0/z.md": PagePlace("z.md", version="3.0"),
          "next/q.md": PagePlace()}),
        ("docs/readme_fr.md docs/README.md docs/readme.md", {"docs/readme_fr.md": PagePlace("docs/readme.md", "fr")}),
        ("docs/a.de.md docs/a.fr.md other/a.de.md",
         {"docs/a.de.md": PagePlace("docs/a.md", "de"), "other/a.de.md": PagePlace()}),
        ("g/index.de.md g/index.md g/index.xx.md",
         {"g/index.de.md": PagePlace("g/index.md", "de"), "g/index.md": PagePlace(), "g/index.xx.md": PagePlace()}),
        # Half of the smaller folder is enough, and less is not.
        ("a.md it/a.md it/d.md", {"it/d.md": PagePlace("d.md", "it")}),
        ("a.md b.md it/a.md it/d.md it/e.md", {"it/a.md": PagePlace()}),
        (
            "de/a.md de/b.md de/c.md fr/a.md fr/d.md",
            {"de/b.md": PagePlace("b.md", "de"), "fr/d.md": PagePlace("d.md", "fr")},
        ),
        ("de/a.md de/b.md de/c.md fr/c.md fr/d.md fr/e.md", {"de/c.md": PagePlace(), "fr/c.md": PagePlace()}),
        # What has no pages in common is a department, a chapter, a language of programs.
        ("it/servers.md hr/leave.md", {"it/servers.md": PagePlace()}),
        ("1.1/index.md 1.2/index.md", {"1.1/index.md": PagePlace()}),
        ("cs/start.md py/start.md", {"cs/start.md": PagePlace()}),
        ("dev/setup.md guide/setup.md", {"dev/setup.md": PagePlace()}),
    ],
)  # fmt: skip
def test_where_a_page_stands(keys: str, expected: Mapping[str, PagePlace]) -> None:
    places = PagePlaces(keys.split())
    assert {key: places.of(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("versions", "first", "expected"),
    [
        ("1.0 10.0 2.0 9.1", "", "10.0 9.1 2.0 1.0"),
        ("v1 v3 v2.5 v3.0.1", "", "v3.0.1 v3 v2.5 v1"),
        ("2.0 dev latest 1.0", "", "latest 2.0 1.0 dev"),  # of mike: the newest
        ("2.0 latest stable 1.0", "", "stable 2.0 1.0 latest"),  # of Read the Docs: what is to come
        ("2.0 3.0rc1 1.0", "", "2.0 1.0 3.0rc1"),
        ("3.0 2.0 next", "2.0", "2.0 3.0 next"),
        (
            "main dev 1.x 1.2 1.10 v2.0rc1 v2.0 stable latest Current 1.2.0 1.2.1",
            "",
            "Current stable v2.0 1.x 1.10 1.2.1 1.2 1.2.0 v2.0rc1 dev latest main",
        ),
        ("main 1.2 current next", "next", "next current 1.2 main"),
    ],
)
def test_the_current_version_comes_first_and_numbers_count_as_numbers(versions: str, first: str, expected: str) -> None:
    assert list(preferred(versions.split(), first)) == expected.split()


def test_the_default_language_is_that_of_the_pages_outside_of_folders_of_languages() -> None:
    said = {f"{lang}/{n}": {"lang": lang, "pageKey": str(n)} for lang in ("de", "fr") for n in range(3)}
    assert order_of(said | {"0": {"lang": "pt"}}, {}) == {"lang": ("pt", "de", "fr")}
    assert order_of(said, {"lang": "fr"}) == {"lang": ("fr", "de")}
    assert order_of({"0": {"lang": "en"}, "1": {"lang": "en"}}, {}) == {}
    mixed = {str(n): {"lang": lang} for n, lang in enumerate("it fr de en de en".split())}
    assert order_of(mixed, {}) == {"lang": ("en", "de", "fr", "it")}
    assert (
        order_of(mixed | {"4": {"lang": "de", "pageKey": "x"}, "6": {"lang": 7, "version": ""}}, {})["lang"][0] == "en"
    )
    assert order_of({"0": {"lang": "de", "pageKey": "x"}}, {}) == {"lang": ("de",)}


def test_the_version_that_others_name_as_canonical_is_the_current_one() -> None:
    said = {
        "2.0/a": {"version": "2.0"},
        "1.0/a": {"version": "1.0", "canonical": "1.5/a"},
        "1.5/a": {"version": "1.5", "canonical": "1.5/a"},
    }
    assert order_of(said, {})["version"] == ("1.5", "2.0", "1.0")
    assert order_of(said, {"version": "1.0"})["version"] == ("1.0", "2.0", "1.5")
    more = {f"{n}/b": {"version": "1.0", "canonical": "2.0/a"} for n in range(2)}
    assert order_of(said | more, {})["version"] == ("2.0", "1.5", "1.0")


def searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], query: str, **options: object
) -> list[Hit]:
    monkeypatch.chdir(tmp_path)
    for key, text in files.items():
        (tmp_path / "in" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / key).write_text(text)
    build(BuildRequest(source=Path("in"), out=Path("out"), base_url="https://ex.org/", site=False), now=NOW)
    with KnowledgeBase.open("knowledge.db", url=Path("out")) as kb:
        kb.sync()
        return kb.search(query, **options)  # type: ignore[arg-type]


def places(hit: Hit) -> list[str]:
    return [hit.url, *(place.url for place in hit.places)]


VERSIONS = {f"version-{v}.0/pump.md": f"{START}\n" for v in (1, 2, 10)}


def test_shared_text_leads_to_the_newest_version_and_names_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hit,) = searched(tmp_path, monkeypatch, VERSIONS, "start the pump")
    assert places(hit) == [f"https://ex.org/version-{v}.0/pump/" for v in (10, 2, 1)]
    assert hit.metadata == {"pageKey": "pump.md", "version": "10.0"}


def test_a_reader_of_an_older_version_gets_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (hit,) = searched(tmp_path, monkeypatch, VERSIONS, "start the pump", prefer={"version": "2.0"})
    assert hit.url == "https://ex.org/version-2.0/pump/"


def test_a_new_version_changes_no_row_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched(tmp_path, monkeypatch, VERSIONS, "pump")
    Path("in/version-11.0").mkdir()
    Path("in/version-11.0/pump.md").write_text(f"{START}\n")
    report = build(BuildRequest(source=Path("in"), out=Path("out"), base_url="https://ex.org/", site=False), now=NOW)
    assert (report.added, report.modified, report.embedded) == (1, 0, 0)
    with KnowledgeBase.open("knowledge.db", url=Path("out")) as kb:
        kb.sync()
        assert kb.search("start the pump")[0].metadata["version"] == "11.0"
        assert kb.release.places == {"version": ("11.0", "10.0", "2.0", "1.0")}


DOCUSAURUS = {
    "docusaurus.config.js": "export default { url: 'https://d.example',"
    " i18n: { defaultLocale: 'en', locales: ['en', 'de'] },"
    " presets: [['classic', { docs: { routeBasePath: '/' } }]] };",
    "versions.json": '["2.0", "1.0"]',
    "docs/pump.md": f"# Pump\n\n{START}\n",
    "versioned_docs/version-2.0/pump.md": f"# Pump\n\n{START}\n",
    "versioned_docs/version-1.0/pump.md": f"# Pump\n\n{START}\n",
    "i18n/de/docusaurus-plugin-content-docs/version-2.0/pump.md": "# Pumpe\n\nZieh den roten Hebel: pump start.\n",
    "i18n/de/docusaurus-plugin-content-docs/current/pump.md": "# Pumpe\n\nZieh den roten Hebel: pump start.\n",
    "i18n/de/docusaurus-plugin-content-pages/about.md": "# Ueber\n\nWir bauen.\n",
}


def test_a_site_of_docusaurus_tells_versions_and_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (hit,) = [h for h in searched(tmp_path, monkeypatch, DOCUSAURUS, "turn red lever start pump") if h.title == "Pump"]
    there = "https://ex.org/"
    assert places(hit) == [
        f"{there}pump", f"{there}1.0/pump", f"{there}next/pump", f"{there}de/pump", f"{there}de/next/pump"
    ]  # fmt: skip
    assert hit.metadata == {"lang": "en", "pageKey": "docs/pump.md", "version": "2.0"}
    with KnowledgeBase.open("knowledge.db") as kb:
        german = kb.search("pump start", filters={"lang": "de"})
        assert german[0].url == f"{there}de/pump"
        assert kb.release.places == {"lang": ("en", "de"), "version": ("2.0", "1.0", "next")}
        assert kb.search("wir bauen")[0].url == f"{there}de/about"


def test_rendered_pages_name_the_canonical_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def page(path: str, canonical: str) -> str:
        return (
            f"<html lang='en'><head><title>Pump</title><link rel=canonical href='https://ex.org/{canonical}'></head>"
            f"<body><main><h1>Pump</h1><p>{START}</p></main></body></html>"
        )

    files = {f"{v}/pump.html": page(v, "1.9/pump.html") for v in ("1.0", "1.9", "2.0")}
    (hit,) = searched(tmp_path, monkeypatch, files, "start the pump")
    assert places(hit) == [f"https://ex.org/{v}/pump.html" for v in ("1.9", "2.0", "1.0")]
