"""The search page and its service worker in Chromium. The knowledge base is played by a stub: see its own tests."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route, expect

from support.browser_app import eventually
from support.chromium import PATIENCE
from support.pages_host import Answer, PagesHost, Request, Site
from vademecum.format.json import canonical
from vademecum.format.manifest import EncoderEntry, Manifest
from vademecum.format.objects import ObjectRef
from vademecum.format.segment import DocumentRow
from vademecum_builder.pages.bundle import PAGE, QUERY, SYNC, bundled, loaded
from vademecum_builder.pages.client_bundle import condensed
from vademecum_builder.pages.contents import Contents
from vademecum_builder.pages.render import ShownRelease, SiteContext, render_site
from vademecum_builder.release.version_json import DocumentChanges

STUB = Path(__file__).parent / "harness" / "stub_knowledge.mjs"
CLIENT = Path(__file__).parents[2] / "client/vademecum/js"
KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys()) {
    kept[name] = (await (await caches.open(name)).keys()).map((request) => request.url);
  }
  return kept;
}"""
IS_KEPT = "caches.match(new URL('%s', document.baseURI)).then(Boolean)"
READY = "navigator.serviceWorker.ready.then(() => Boolean(navigator.serviceWorker.controller))"


@functools.cache
def _modules() -> Mapping[str, bytes]:
    """The search element as it is published, with the stub where it has the knowledge base."""
    files = {path.relative_to(CLIENT).as_posix(): path for path in CLIENT.rglob("*.mjs")} | {PAGE: STUB}
    made = bundled({name: condensed(path.read_bytes()).decode() for name, path in files.items()})
    shown = loaded({name: text for name, text in made.items() if name not in (QUERY, SYNC)})
    return {f"client/{name}": made[name].encode() for name in shown}


def publish(folder: Path, *, title: str = "Handbook", sequence: int = 12, runtime: bytes = b"zip 1") -> None:
    """Write a site below `repo/`: pages of a host that has others too."""
    role = {"keyids": ["a1" * 32], "threshold": 1}
    root = canonical({"signatures": [], "signed": {"_type": "root", "roles": {"root": role, "timestamp": role}}})
    nothing = ObjectRef("3f" * 32, 0, 0)
    manifest = Manifest(
        sequence=sequence,
        version=f"v{sequence}",
        channel="stable",
        built="2026-11-21T08:00:00Z",
        epoch="0" * 16,
        digest="1" * 64,
        documents=2,
        chunks=3,
        encoder=EncoderEntry("builtin", 8, nothing),
        segments=(),
        sources=nothing,
    )
    client = {**_modules(), "client/vademecum.zip": runtime}
    sums = {path: hashlib.sha256(content).hexdigest() for path, content in client.items()}
    contents = Contents([DocumentRow("guide/keys.md", sequence, "Keys and signing", "guide/keys.html")])
    shown = ShownRelease(manifest, "", DocumentChanges(), contents)
    context = SiteContext(title, shown, root, sums, ["rotate a key", "lost keys"])
    write(folder / "repo", {**render_site(context), **client, "metadata/timestamp.json": b"{}"})


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@dataclass
class Host:
    """A published folder and the server in front of it."""

    folder: Path
    server: PagesHost

    @property
    def url(self) -> str:
        return f"{self.server.url}repo/"

    def requests(self) -> list[str]:
        return [request.path.removeprefix("/repo/") for request in self.server.requests]

    def replace(self, path: str, content: bytes | None) -> None:
        """Put other bytes in the place of a published file, or take it away."""
        file = self.folder / "repo" / path
        file.unlink()
        if content is not None:
            file.write_bytes(content)


@pytest.fixture
def host(tmp_path: Path, serve: Callable[[Path], PagesHost]) -> Host:
    publish(tmp_path)
    return Host(tmp_path, serve(tmp_path))


@pytest.fixture
def open_page(page: Page, host: Host) -> Callable[[str], Page]:
    """Open an address below the site and wait until the page has shown the state of the index."""

    def go(address: str = "") -> Page:
        page.goto(f"{host.url}{address}")
        expect(page.locator("#pill")).to_be_visible()
        return page

    return go


Open = Callable[..., Page]


def settled(page: Page) -> None:
    """Wait until what was chosen in the panel is kept, and shown: its buttons are dead from the choice till then."""
    expect(page.get_by_role("button", name="Check now")).to_be_enabled()


def called(page: Page, *names: str) -> None:
    """Wait until these are the last calls that the knowledge base got."""
    eventually(page, f"kb.calls.slice(-{len(names)}).join(', ') === {json.dumps(', '.join(names))}")


def hits(page: Page) -> Any:
    return page.locator("#results .hit")


def test_hits_appear_while_typing_and_the_words_are_marked(open_page: Open) -> None:
    page = open_page()
    page.locator("#query").press_sequentially("rotate key")
    expect(hits(page)).to_have_count(3)
    first = hits(page).first
    expect(first.locator(".title")).to_have_text("Keys and signing")
    expect(first.locator(".path")).to_have_text("Rotate a key")
    # Each letter asks anew: the marks of the last answer come when it comes.
    expect(page.locator("#announce")).to_have_text("3 pages for rotate key")
    marks = first.locator(".text mark")
    expect(marks.nth(0)).to_have_text("rotate")
    expect(marks.nth(1)).to_have_text("key")
    expect(page.locator(".welcome")).to_be_hidden()


def test_an_answer_that_comes_too_late_is_dropped(open_page: Open) -> None:
    page = open_page()
    page.locator("#query").fill("wait for it")
    expect(page.locator("#clear")).to_be_visible()
    page.locator("#query").fill("newer")
    expect(hits(page).first).to_contain_text("(newer)")
    page.evaluate("kb.waiting['wait for it']()")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    expect(hits(page).first).to_contain_text("(newer)")


def test_what_documents_hold_stays_text(open_page: Open) -> None:
    page = open_page("?q=key")
    evil = hits(page).nth(2)
    expect(evil.locator(".text")).to_contain_text("<script>document.title='broken'</script> a key")
    expect(evil.locator(".title")).to_contain_text("<img src=x onerror=")
    assert page.locator("#results a[href^='javascript']").count() == 0
    evil.locator("[role=option]").click()
    expect(page.locator("#reader-title")).to_contain_text("<img src=x")
    expect(page.locator("#reader-text")).to_contain_text("<b>key</b>")
    assert page.locator("main img, dialog img, main script, dialog script").count() == 0
    expect(page.locator("#reader-link")).to_be_hidden()
    assert page.title() == "Handbook"


def test_the_keyboard_reaches_everything(open_page: Open) -> None:
    page = open_page("?q=key")
    expect(hits(page)).to_have_count(3)
    options = page.locator("#results [role=option]")
    expect(page.locator(".hints")).to_be_visible()
    page.locator("#pill").focus()
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert page.locator("#query").get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    page.keyboard.press("End")
    expect(options.nth(2)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#results [aria-selected=true]")).to_have_count(0)
    expect(page.locator("#query")).to_be_focused()  # which it was all the time
    page.locator("#pill").focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("s")
    expect(page.locator("#query")).to_have_value("keys")
    page.keyboard.press("Escape")
    expect(page.locator("#query")).to_have_value("")
    expect(hits(page)).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()


def test_a_query_is_in_the_address_and_back_takes_it_away(open_page: Open, host: Host) -> None:
    page = open_page()
    page.locator("#query").press_sequentially("lost key")
    expect(hits(page).first).to_contain_text("(lost key)")
    expect(page).to_have_url(f"{host.url}?q=lost+key")
    page.reload()
    expect(page.locator("#query")).to_have_value("lost key")
    expect(hits(page).first).to_contain_text("(lost key)")
    page.go_back()
    expect(page.locator("#query")).to_have_value("")
    expect(hits(page)).to_have_count(0)


def test_an_example_is_a_query(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="lost keys").click()
    expect(hits(page).first).to_contain_text("(lost keys)")


def test_the_start_page_shows_the_tree_of_documents(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#documents .tree")).to_be_attached()
    page.locator("#query").fill("key")
    expect(page.locator("#documents")).to_be_hidden()


def test_nothing_found_is_said(open_page: Open) -> None:
    page = open_page("?q=absent")
    expect(page.locator("#message")).to_contain_text("Nothing found for “absent”")
    expect(page.locator(".hints")).to_be_hidden()  # there is nothing to move through
    expect(page.locator(".welcome .examples")).to_be_visible()  # but what there is, is offered
    goes_to = "at => { history.pushState(null, '', at); dispatchEvent(new PopStateEvent('popstate')); }"
    page.evaluate(goes_to, "?doc=gone.md")
    expect(page.locator("#message")).to_have_text("“gone.md” is not in release 12.")
    page.evaluate(goes_to, "?q=soon&doc=gone.md")  # hits that come later say it as well
    eventually(page, "kb.readings >= 3")
    expect(page.locator("#message")).to_have_text("“gone.md” is not in release 12. · 3 of 45 pages")
    page.locator("#query").fill("key")
    expect(page.locator("#message")).to_be_hidden()
    page.evaluate("kb.emit('updateCompleted', {sequence: 13}, {installed: {...kb.status.installed, documents: 0}})")
    page.locator("#query").fill("absent too")
    expect(page.locator("#message")).to_have_text("There is no document here yet.")


@pytest.mark.parametrize("fault", ["away", "404"])
def test_a_page_without_its_examples_searches(page: Page, host: Host, fault: str) -> None:
    """That nothing is thrown is what the fixture `page` asserts."""
    asked = play(page, "assets/examples.json", fault)
    page.goto(f"{host.url}?q=key")
    expect(hits(page)).to_have_count(3)
    assert len(asked) == 1
    expect(page.locator("#examples")).to_be_hidden()


MODULES = ["assets/app.mjs", "assets/language.mjs", "client/vademecum-search.mjs", "client/vademecum.mjs"]


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("module", MODULES)
def test_a_search_whose_module_is_missing_says_so_at_once(page: Page, host: Host, module: str, behind: bool) -> None:
    """`behind`: the script that tells of it came after it was known."""
    asked = play(page, module, "404")

    def wait(route: Route) -> None:
        while behind and not asked:
            page.wait_for_timeout(20)
        route.continue_()

    page.route("**/assets/theme.mjs", wait)
    page.goto(host.url)
    late = page.get_by_text("The search has not come")
    expect(late).to_be_visible()
    assert late.evaluate("(said) => getComputedStyle(said).animationDelay") == "0s", "a slow line is given some seconds"


@pytest.mark.parametrize(("fault", "code"), [("away", "network"), ("404", "server"), ("login", "content")])
def test_a_page_without_its_root_of_trust_searches_what_is_installed_and_verifies_nothing(
    page: Page, host: Host, fault: str, code: str
) -> None:
    page.add_init_script("delete Navigator.prototype.serviceWorker")  # once it has the page, it fetches the file itself
    asked = play(page, "assets/trust.json", fault)
    page.goto(f"{host.url}?q=key")
    expect(hits(page)).to_have_count(3)
    root = "kb.options.trust().then(() => 'there', ({ code }) => code)"
    assert page.evaluate(root) == code
    page.unroute("**/assets/trust.json")
    assert page.evaluate(root) == "there"  # what did not come is asked for again
    assert page.evaluate(root) == "there" and len(asked) == 1


def play(page: Page, path: str, fault: str) -> list[Route]:
    """Have requests for a file fail, as a page's do that is left, be answered with 404, or wait for `answer`."""
    asked: list[Route] = []

    def meet(route: Route) -> None:
        asked.append(route)
        if fault:
            answer(route, fault)

    page.route(f"**/{path}", meet)
    return asked


def answer(route: Route, fault: str) -> None:
    if fault == "away":
        route.abort()
    else:
        status = 404 if fault == "404" else 200
        route.fulfill(status=status, content_type="text/html", body=f"<title>{fault}</title>")


def test_the_reader_shows_the_whole_document_at_the_passage(open_page: Open) -> None:
    page = open_page("?q=key")
    hits(page).nth(1).locator(".read").click()
    reader = page.locator("#reader")
    expect(reader).to_be_visible()
    expect(reader.locator("h3, h4")).to_have_text(["Rotate a key", "Lost keys"])
    expect(reader.locator(".found")).to_have_text("A lost key is replaced.")
    assert reader.locator("p").count() == 3
    expect(page.locator("#reader-link")).to_have_attribute("href", page.url.split("?")[0] + "guide/keys.html")
    shared = page.url
    page.go_back()
    expect(reader).to_be_hidden()
    page.goto(shared)
    expect(reader).to_be_visible()
    page.keyboard.press("Escape")
    expect(reader).to_be_hidden()
    expect(page).to_have_url(shared.split("&doc=")[0])


def test_closing_the_reader_is_the_same_as_going_back(open_page: Open) -> None:
    page = open_page("?q=key")
    hits(page).first.locator(".read").click()
    page.locator("#reader [data-close]").click()
    expect(page.locator("#reader")).to_be_hidden()
    expect(page).to_have_url(page.url.split("?")[0] + "?q=key")


def test_without_a_network_a_title_opens_the_reader(open_page: Open) -> None:
    page = open_page("?q=key")
    expect(hits(page)).to_have_count(3)
    page.context.set_offline(True)
    expect(page.locator("#pill")).to_have_text("Release 12 · 3 days ago · offline")
    hits(page).first.locator("a").click()  # which says so: the page that it leads to is not here
    expect(page.locator("#reader")).to_be_visible()


def test_the_first_download_shows_how_far_it_is(open_page: Open) -> None:
    page = open_page("?nothing")
    expect(page.locator("#install-title")).to_have_text("Getting ready")
    detail = "{stage: 'starting', percentage: 100, bytes: 11_000_000, totalBytes: 11_000_000}"
    page.evaluate(f"kb.emit('updateProgress', {detail})")
    expect(page.locator("#install-text")).to_have_text("Starting the program that checks signatures …")
    page.evaluate("kb.emit('updateStarted', {totalBytes: 912_345})")  # and not a byte has come
    expect(page.locator("#install-text")).to_have_text("Downloading: 0 bytes of 912 kB")
    detail = "{stage: 'downloading', percentage: 37, bytes: 340_000, totalBytes: 912_345}"
    page.evaluate(f"kb.emit('updateProgress', {detail})")
    expect(page.locator("#install-text")).to_have_text("Downloading: 340 kB of 912 kB")
    expect(page.locator("#install-bar")).to_have_attribute("value", "37")
    page.locator("#query").fill("key")
    release = "{...kb.status.previous, sequence: 12}"
    page.evaluate(f"kb.emit('updateCompleted', {{sequence: 12}}, {{installed: {release}}})")
    expect(page.locator("#install")).to_be_hidden()
    expect(hits(page)).to_have_count(3)  # what was typed meanwhile is answered
    expect(page.locator("#notice")).to_contain_text("Ready")


def test_a_host_that_answers_again_is_seen_at_once(open_page: Open) -> None:
    page = open_page("?nothing")
    page.evaluate("kb.emit('updateFailed', {code: 'network'}, {lastError: {code: 'network'}})")
    expect(page.locator("#pill")).to_contain_text("offline")
    page.evaluate("""() => {
      const { previous } = kb.status;
      kb.emit("updateCompleted", { sequence: 12 }, { installed: { ...previous, sequence: 12 } });
      kb.status.lastError = null; // the update ends when everybody was told
    }""")
    expect(page.locator("#pill")).to_contain_text("online", timeout=20_000)  # in a minute it is read anew anyway


def test_a_preview_says_how_far_its_checking_is(open_page: Open) -> None:
    page = open_page("?nothing")
    page.evaluate("kb.emit('updateStarted', {})")
    page.evaluate("kb.emit('preview', {}, {preview: {...kb.status.previous, sequence: 12}})")
    expect(page.locator("#pill")).to_have_text("Preview · Release 12")
    for received, said in ((3_740_000, " · 34%"), (11_000_000, "")):  # all of it: nobody knows how long it starts
        detail = f"stage: 'starting', percentage: 34, bytes: {received}, totalBytes: 11_000_001"
        page.evaluate(f"kb.emit('updateProgress', {{{detail}}})")
        expect(page.locator("#pill")).to_have_text(f"Preview · Release 12{said}")
    for box in ("#install", "#notice"):  # nothing covers the hits
        expect(page.locator(box)).to_be_hidden()


def test_a_preview_that_could_not_be_checked_says_why(open_page: Open) -> None:
    page = open_page("?nothing")
    page.evaluate("kb.emit('preview', {}, {preview: {...kb.status.previous, sequence: 12}})")
    page.evaluate("kb.emit('updateFailed', {code: 'server'}, {lastError: {code: 'server'}})")
    expect(page.locator("#install-title")).to_have_text("Preview")
    expect(page.locator("#install-text")).to_have_text("The host answered with an error.")


def test_a_first_download_that_is_tried_again_is_seen_to_go_on(open_page: Open) -> None:
    page = open_page("?nothing")
    failed = "kb.emit('updateFailed', {code: 'network'}, {lastError: {code: 'network'}})"
    progress = "kb.emit('updateProgress', {stage: 'downloading', percentage: 37, bytes: 340_000, totalBytes: 912_345})"
    again = page.locator("#install-now")
    page.evaluate(failed)
    expect(again).to_have_text("Try again")
    page.evaluate(progress)
    expect(page.locator("#install-title")).to_have_text("Getting ready")
    expect(page.locator("#install-text")).to_have_text("Downloading: 340 kB of 912 kB")
    expect(page.locator("#install-bar")).to_be_visible()
    expect(again).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('online')) && kb.getStatus()")  # it is looked at again
    expect(page.locator("#install-text")).to_have_text("Downloading: 340 kB of 912 kB")
    page.evaluate(failed)
    expect(page.locator("#install-text")).to_have_text("The host could not be reached.")
    page.evaluate("kb.emit('preview', {}, {preview: {...kb.status.previous, sequence: 12}})")
    expect(page.locator("#install")).to_be_visible()
    page.evaluate(progress)
    expect(page.locator("#install")).to_be_hidden()  # nothing covers the hits


def test_a_release_that_was_taken_back_is_no_download_that_goes_on(open_page: Open) -> None:
    page = open_page("?nothing")
    page.evaluate("kb.emit('updateStarted', {})")
    expect(page.locator("#pill")).to_have_text("First download")
    status = "{state: 'up-to-date', reason: 'yanked', latest: {sequence: 4, version: 'v4'}}"
    page.evaluate(f"kb.emit('preview', null, {status})")
    told = "Release 4 was taken back by its publisher, and there is no other yet."
    expect(page.locator("#install-text")).to_have_text(told)
    expect(page.locator("#install-title")).to_have_text("Nothing is here yet")
    expect(page.locator("#pill")).to_have_text("Nothing here yet · online")
    page.locator("#query").fill("key")
    page.context.set_offline(True)
    expect(page.locator("#install-text")).to_have_text(re.compile("The first download needs a network"))
    expect(page.locator("#bones")).to_be_hidden()  # nothing is on its way
    page.context.set_offline(False)
    page.locator("#pill").click()
    expect(page.locator("#details-state")).to_have_text(told)


@pytest.mark.parametrize("mode", ["manual", "off"])
def test_nothing_is_downloaded_unasked_in_other_modes(open_page: Open, mode: str) -> None:
    page = open_page(f"?nothing&mode={mode}&doc=guide/keys.md")
    page.get_by_role("button", name="Download").click()
    called(page, "update")
    expect(page.locator("#message")).to_be_hidden()  # nobody knows yet whether there is such a document
    release = "{installed: {...kb.status.previous, sequence: 12}}"
    page.evaluate(f"kb.emit('updateCompleted', {{sequence: 12}}, {release})")
    expect(page.locator("#reader-title")).to_have_text("Keys and signing")


def test_an_offer_can_be_installed(open_page: Open) -> None:
    page = open_page("?mode=manual")
    offer = "{sequence: 13, bytes: 12_000}"
    page.evaluate(f"kb.emit('updateAvailable', {offer}, {{offer: {offer}, state: 'update-available'}})")
    expect(page.locator("#notice")).to_contain_text("Update available: release 13 (12 kB)")
    expect(page.locator("#pill")).to_contain_text("update available")
    page.get_by_role("button", name="Install").click()
    called(page, "update")


def test_an_update_is_told_and_the_hits_follow(open_page: Open) -> None:
    page = open_page("?q=key")
    expect(hits(page)).to_have_count(3)
    before = page.evaluate("kb.calls.filter((call) => call === 'search key').length")
    page.evaluate("kb.emit('updateCompleted', {sequence: 13}, {installed: {...kb.status.installed, sequence: 13}})")
    expect(page.locator("#notice")).to_contain_text("Knowledge updated to release 13")
    expect(page.locator("#pill")).to_contain_text("Release 13")
    assert page.evaluate("kb.calls.filter((call) => call === 'search key').length") == before + 1


def test_a_failure_says_that_the_old_release_goes_on(open_page: Open) -> None:
    page = open_page()
    error = "{lastError: {code: 'signature', message: '', at: ''}}"
    page.evaluate(f"kb.emit('updateFailed', {{code: 'signature', message: '', willRetry: false}}, {error})")
    expect(page.locator("#notice")).to_contain_text("not signed by its publisher")
    expect(page.locator("#notice")).to_contain_text("keeps working")
    expect(page.locator("#pill")).to_contain_text("not updated")


def test_an_unreachable_host_pops_nothing_up(open_page: Open) -> None:
    page = open_page()
    error = "{lastError: {code: 'network', message: '', at: ''}}"
    page.evaluate(f"kb.emit('updateFailed', {{code: 'network', message: '', willRetry: true}}, {error})")
    expect(page.locator("#pill")).to_contain_text("offline")
    expect(page.locator("#notice")).to_be_hidden()


def test_the_panel_tells_and_steers(open_page: Open) -> None:
    page = open_page()
    page.locator("#pill").click()
    panel = page.locator("#details")
    expect(panel.locator("#facts")).to_contain_text("12 (v12)")
    page.get_by_label("Ask first").check()
    settled(page)
    assert page.evaluate("kb.status.mode") == "manual"
    page.get_by_role("button", name="Check now").click()
    page.get_by_role("button", name="Go back to release 11").click()
    called(page, "setMode manual", "checkForUpdates", "rollback")
    page.evaluate("kb.failing = 'busy'")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#details-state")).to_contain_text("Another tab is updating")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_a_notice_says_what_a_release_brings_and_costs(open_page: Open) -> None:
    page = open_page("?mode=notify")
    offer = "{sequence: 9, bytes: 25, cost: 1_600, documents: 3, decision: 'notify', reason: null}"
    page.evaluate(f"kb.emit('updateAvailable', {offer}, {{offer: {offer}, state: 'update-available'}})")
    expect(page.locator("#notice-text")).to_have_text("Release 9 is available: 3 documents changed, 1.6 kB.")
    page.locator("#notice-close").click()
    page.locator("#pill").click()
    expect(page.locator("#details-state")).to_have_text("Release 9 is available: 3 documents changed, 1.6 kB.")
    page.get_by_role("button", name="Skip release 9").click()
    called(page, "skip 9")


def test_what_waits_pops_nothing_up_and_the_panel_says_why(open_page: Open) -> None:
    page = open_page()
    offer = "{sequence: 9, bytes: 25, cost: 1_600, documents: 1, decision: 'wait', reason: 'insignificant'}"
    page.evaluate(f"kb.emit('updateAvailable', {offer}, {{offer: {offer}, state: 'update-available'}})")
    page.locator("#pill").click()
    expect(page.locator("#details-state")).to_have_text(
        "Release 9 is available: 1 document changed, 1.6 kB. It waits for more changes."
    )
    expect(page.locator("#notice")).to_be_hidden()


def test_automatic_brings_what_check_now_has_found(open_page: Open) -> None:
    page = open_page()
    page.locator("#pill").click()
    for decision, then in (("notify", "checkForUpdates"), ("install", "update")):
        page.evaluate(f"kb.found = {{available: true, decision: '{decision}'}}")
        page.get_by_role("button", name="Check now").click()
        settled(page)
        called(page, then)


def test_the_panel_sets_what_is_done_unasked(open_page: Open) -> None:
    page = open_page()
    page.locator("#pill").click()
    chosen = {"Channel": "beta", "Downloads": "any", "Largest download at once": "1000000"}
    chosen |= {"Worth an update": "5", "In use": "next-start"}
    for label, value in chosen.items():
        page.get_by_role("combobox", name=label).select_option(value)
        settled(page)
    for label in ("Tell me", "Stay at this release"):
        page.get_by_label(label).check()
        settled(page)
    assert page.evaluate("kb.status.policy") == {
        "mode": "automatic",
        "channel": "beta",
        "connection": "any",
        "maxUpdateBytes": 1_000_000,
        "leastDocuments": 5,
        "activation": "next-start",
    }
    called(page, "setMode notify", "pin 12")
    expect(page.get_by_role("combobox", name="Downloads").locator("option")).to_have_count(2)  # no Wi-Fi here
    about = page.locator("#about")
    expect(about).to_be_hidden()
    expect(page.locator("#details")).not_to_contain_text("dimensions")


def test_a_release_that_was_passed_over_can_be_taken(open_page: Open) -> None:
    page = open_page()
    page.evaluate("Object.assign(kb.status, {latest: {sequence: 13, version: 'v13'}, refused: [13]})")
    page.locator("#pill").click()
    page.get_by_role("button", name="Go forward to release 13").click()
    called(page, "skip null", "update")


def test_a_release_that_was_left_is_named_in_the_panel(open_page: Open) -> None:
    page = open_page()
    page.evaluate(
        "Object.assign(kb.status, {latest: {sequence: 13, version: 'v13'}, refused: [13],"
        " previous: {...kb.status.installed, sequence: 13}})"
    )
    page.locator("#pill").click()
    expect(page.locator("#details-state")).to_contain_text("Release 13 was left")
    expect(page.get_by_role("button", name="Go forward to release 13")).to_be_visible()


def test_the_theme_is_remembered(open_page: Open) -> None:
    page = open_page()
    for shown, theme in (("Light", "light"), ("Dark", "dark")):
        page.locator("#theme").click()
        expect(page.locator("#theme")).to_have_text(shown)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.reload()
    expect(page.locator("#theme")).to_have_text("Dark")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.locator("#theme").click()
    assert page.evaluate("document.documentElement.dataset.theme === undefined")


# The service worker


def visit(open_page: Open, eventually: Callable[[Page, str], Any], address: str = "") -> Page:
    page = open_page(address)
    eventually(page, READY)
    return page


def test_the_first_visit_is_enough_to_be_offline(open_page: Open, eventually: Any, host: Host) -> None:
    page = visit(open_page, eventually)
    page.context.set_offline(True)
    host.server.requests.clear()
    page.goto(f"{host.url}index.html?q=key")
    expect(hits(page)).to_have_count(3)
    page.goto(f"{host.url}release.html")
    expect(page.locator("h1")).to_have_text("Release 12")
    expect(page.locator("#address")).to_have_text(f"{host.url}")
    page.goto(f"{host.url}guide/never-seen.html")
    expect(page).to_have_url(f"{host.url}index.html")
    with pytest.raises(PlaywrightError, match="INTERNET_DISCONNECTED"):
        page.goto(f"{host.url}version.json")  # data is data or an error, never a page
    assert host.requests() == []


def test_metadata_and_objects_are_never_kept(open_page: Open, eventually: Any, host: Host) -> None:
    page = visit(open_page, eventually)
    for _ in range(2):
        page.evaluate("fetch('metadata/timestamp.json', {cache: 'reload'})")
    assert host.requests().count("metadata/timestamp.json") == 2
    kept = [url for urls in page.evaluate(KEPT).values() for url in urls]
    assert not [url for url in kept if "/metadata/" in url or "sw.js" in url]


def test_the_release_page_is_the_newest_while_there_is_a_network(open_page: Open, eventually: Any, host: Host) -> None:
    page = visit(open_page, eventually)
    publish(host.folder, sequence=13)
    page.goto(f"{host.url}release.html")
    expect(page.locator("h1")).to_have_text("Release 13")
    moved = (host.folder / "repo/release.html").read_text().replace("Release 13", "Release 14")
    host.replace("release.html", None)
    page.goto(f"{host.url}release.html")
    expect(page.locator("h1")).to_have_text("Release 13")
    # What a network says that wants a login, by whatever way, and half a page.
    for text in ("<title>login</title></html>", "<link href=manifest.webmanifest>"):
        (host.folder / "repo/release.html").write_text(text)
        page.goto(f"{host.url}release.html")
        expect(page.locator("h1")).to_have_text("Release 13")
    host.replace("release.html", None)
    (host.folder / "repo/release.html").mkdir()
    (host.folder / "repo/release.html/index.html").write_text(moved)  # which a worker may not answer with
    page.goto(f"{host.url}release.html")
    expect(page.locator("h1")).to_have_text("Release 13")
    late = threading.Event()

    def hold(request: Request) -> None:
        if "release.html" in request.path:
            late.wait(PATIENCE)

    host.server.log = hold
    page.goto(f"{host.url}release.html")
    expect(page.locator("h1")).to_have_text("Release 13")
    late.set()
    page.context.set_offline(True)
    page.goto(f"{host.url}release.html")
    expect(page.locator("h1")).to_have_text("Release 13")


class WithoutHtml(Site):
    """A host that has begun to serve `page.html` as `page`, as Cloudflare Pages does."""

    def answer(self, target: str, headers: Message) -> Answer:
        name = target.removesuffix(".html")
        if name != target:
            return Answer(HTTPStatus.MOVED_PERMANENTLY, {"Location": name})
        return super().answer(f"{name}.html" if name.endswith("/release") else name, headers)


def test_a_page_that_is_redirected_to_its_name_without_html_is_the_newest_too(
    open_page: Open, eventually: Any, host: Host
) -> None:
    page = visit(open_page, eventually)
    host.server.site = WithoutHtml(host.server.site.root)
    publish(host.folder, sequence=13)
    for offline in (False, True):
        page.context.set_offline(offline)
        page.goto(f"{host.url}release.html")
        expect(page.locator("h1")).to_have_text("Release 13")


def runtime_kept(page: Page) -> list[str]:
    return [url.split("/repo/")[1] for name, urls in page.evaluate(KEPT).items() if "runtime" in name for url in urls]


def test_the_runtime_is_kept_when_it_is_used_and_only_if_it_is_what_it_should_be(
    open_page: Open, eventually: Any, host: Host
) -> None:
    page = visit(open_page, eventually)
    assert runtime_kept(page) == []
    kept = f"client/vademecum.zip?sha256={hashlib.sha256(b'zip 1').hexdigest()}"
    for wrong in (b"<html>log in</html>", None):
        host.replace("client/vademecum.zip", wrong)
        page.evaluate("fetch('client/vademecum.zip', {cache: 'reload'})")
    assert runtime_kept(page) == []
    publish(host.folder)
    page.evaluate("fetch('client/vademecum.zip', {cache: 'reload'})")
    eventually(page, IS_KEPT % kept)
    assert runtime_kept(page) == [kept]
    host.server.requests.clear()
    assert page.evaluate("fetch('client/vademecum.zip').then((answer) => answer.text())") == "zip 1"
    assert "client/vademecum.zip" not in host.requests()


def test_what_the_first_install_fetched_is_kept_afterwards(open_page: Open, eventually: Any) -> None:
    page = visit(open_page, eventually)
    page.evaluate("kb.emit('updateCompleted', {sequence: 12})")
    eventually(page, IS_KEPT % f"client/vademecum.zip?sha256={hashlib.sha256(b'zip 1').hexdigest()}")


@pytest.mark.fault("D50")
def test_a_half_deployed_page_is_not_taken(open_page: Open, eventually: Any, host: Host) -> None:
    page = visit(open_page, eventually)
    publish(host.folder, title="Newer handbook")
    host.replace("index.html", b"<html>log in</html>")
    assert (
        page.evaluate(
            """async () => {
          const registration = await navigator.serviceWorker.ready;
          const found = new Promise((resolve) =>
            registration.addEventListener("updatefound", () => resolve(registration.installing), { once: true }));
          await registration.update();
          const next = await found;
          while (next.state === "installing") {
            await new Promise((resolve) => next.addEventListener("statechange", resolve, { once: true }));
          }
          return next.state;
        }"""
        )
        == "redundant"
    )
    page.reload()
    expect(page.locator(".brand span")).to_have_text("Handbook")
    expect(page.locator("#pill")).to_be_visible()


def test_a_new_page_waits_until_it_is_asked_for_and_takes_over_whole(
    open_page: Open, eventually: Any, host: Host
) -> None:
    page = visit(open_page, eventually)
    page.evaluate("caches.open('somebody else')")
    page.evaluate("fetch('client/vademecum.zip')")
    eventually(page, IS_KEPT % f"client/vademecum.zip?sha256={hashlib.sha256(b'zip 1').hexdigest()}")
    publish(host.folder, title="Newer handbook", runtime=b"zip 2")
    host.server.requests.clear()
    page.reload()
    expect(page.locator(".brand span")).to_have_text("Handbook")
    expect(page.locator("#notice")).to_contain_text("A newer version of this page is here.")
    assert "assets/app.mjs" not in host.requests()  # it has not changed: taken over from the old set
    page.get_by_role("button", name="Reload").click()
    expect(page.locator(".brand span")).to_have_text("Newer handbook")
    eventually(page, "caches.keys().then((names) => names.filter((name) => name.includes(' shell ')).length === 1)")
    assert "somebody else" in page.evaluate(KEPT)
    eventually(
        page,
        "caches.match(new URL('client/vademecum.zip', document.baseURI), {ignoreSearch: true}).then((old) => !old)",
    )
    assert runtime_kept(page) == []


@dataclass(frozen=True)
class HalfAtFirst(Site):
    """A host that has once given half of some files, whole by all that their headers say."""

    given: set[str] = field(default_factory=set)

    def answer(self, target: str, headers: Message) -> Answer:
        answer = super().answer(target, headers)
        if target not in self.given and target.endswith(("/index.html", ".zip")):
            self.given.add(target)
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        return answer


def test_half_a_file_in_the_browsers_cache_is_fetched_past_it(open_page: Open, eventually: Any, host: Host) -> None:
    page = visit(open_page, eventually)
    publish(host.folder, title="Newer handbook")
    host.server.site = HalfAtFirst(host.server.site.root)
    assert page.evaluate("fetch('client/vademecum.zip').then((answer) => answer.text())") == "zi"
    eventually(page, IS_KEPT % f"client/vademecum.zip?sha256={hashlib.sha256(b'zip 1').hexdigest()}")
    page.reload()
    expect(page.locator("#notice")).to_contain_text("A newer version of this page is here.")


def test_two_knowledge_bases_of_one_host_keep_out_of_each_others_way(
    open_page: Open, eventually: Any, host: Host
) -> None:
    shutil.copytree(host.folder / "repo", host.folder / "repo2")
    page = visit(open_page, eventually)
    page.goto(f"{host.server.url}repo2/")
    eventually(page, READY)
    kept = page.evaluate(KEPT)
    scopes = {name.split(" ")[1] for name in kept}
    assert scopes == {host.url, f"{host.server.url}repo2/"}


# What was written is what is shown ---------------------------------------------------------------


def test_the_reader_shows_what_was_written(open_page: Open, host: Host) -> None:
    page = open_page("?doc=guide/page.md#00000000000000c1")
    text = page.locator("#reader-text")
    expect(text.locator("ul.found")).to_have_css("padding-left", "38.6px")  # room for its signs
    expect(text.locator("p a").first).to_have_text("the lost keys")
    assert text.evaluate("(node) => [...node.children].map((child) => child.localName)") == [
        "p",
        "ul",
        "div",
        "pre",
        "p",
    ]
    expect(text.locator("p a strong")).to_have_text("lost")
    expect(text.locator("ul > li > ol > li")).to_have_text(["two", "three"])
    expect(text.locator("ul > li")).to_have_count(2)
    expect(text.locator("li code")).to_have_text("two")
    expect(text.locator("th")).to_have_text(["Key"])  # one without a word is no heading
    expect(text.locator("td")).to_have_text(["", "a|b", "sign"])
    expect(text.locator("td em")).to_have_text("sign")
    assert text.locator("pre code.language-sh").text_content() == "vade keys\n  renew"
    image = text.locator("img")
    assert (image.get_attribute("alt"), image.get_attribute("src")) == ("a lamp", f"{host.url}guide/page/lamp.png")
    links = text.locator("a").evaluate_all("(found) => found.map((link) => [link.textContent, link.href])")
    assert links == [
        ["the lost keys", f"{host.url}guide/page/#lost"],
        ["evil", f"{host.url}guide/evil.md"],
        ["outside", "https://example.org/x"],
        ["nowhere", f"{host.url}guide/page/gone.md"],
        ["far", "https://example.org/far.png"],
    ]


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_on_the_narrowest_phone_no_page_is_wider(page: Page, host: Host, language: str) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    page.add_init_script(f"Object.defineProperty(navigator, 'languages', {{ value: ['{language}'] }})")
    for name in ("", "documents.html", "release.html"):
        page.goto(f"{host.url}{name}")
        expect(page.locator("#theme")).to_be_visible()
        outside = "[...document.querySelectorAll('.top *')].filter((part) => part.getBoundingClientRect().right > 320)"
        assert page.evaluate(f"[document.documentElement.scrollWidth, {outside}.length]") == [320, 0], name
    page.goto(host.url)
    page.locator("#pill").click()
    menus = page.locator("#details select")
    widths = "(menus) => menus.map((menu) => menu.offsetWidth)"
    shown = menus.evaluate_all(widths)
    menus.evaluate_all("(menus) => menus.map((menu) => Object.assign(menu.style, { flex: 'none', maxWidth: 'none' }))")
    assert menus.evaluate_all(widths) == shown, "what is chosen is not cut off"


def test_on_a_phone_the_words_of_a_table_in_the_reader_are_whole(open_page: Open) -> None:
    page = open_page("?doc=guide/page.md")
    page.set_viewport_size({"width": 320, "height": 600})
    cell = page.locator("#reader-text td").last
    lines = """(cell) => {
        cell.textContent = 'Donaudampfschifffahrtsgesellschaftskapitänswitwenrente';
        const all = document.createRange();
        all.selectNodeContents(cell);
        return all.getClientRects().length;
    }"""
    assert cell.evaluate(lines) == 1
    assert page.locator("#reader-text .scroll").evaluate("(box) => box.scrollWidth > box.clientWidth")


def test_a_link_leads_to_the_document_in_the_reader_or_where_it_says(open_page: Open, host: Host) -> None:
    page = open_page("?doc=guide/page.md")
    page.locator("#reader-text a", has_text="evil").click()
    expect(page.locator("#reader-title")).to_contain_text("<img")
    page.go_back()
    expect(page.locator("#reader-title")).to_have_text("Page")
    with page.expect_navigation():
        page.locator("#reader-text a", has_text="nowhere").click()
    assert page.url == f"{host.url}guide/page/gone.md"


def test_a_hostile_text_is_shown_as_text(open_page: Open) -> None:
    page = open_page("?doc=hostile.md")
    text = page.locator("#reader-text")
    expect(text.locator("p").first).to_have_text("<img src=x onerror=alert(1)> a [d](javascript:alert(1)) b **open c")
    expect(text.locator("pre code")).to_have_text("</code><script>x</script>")
    assert text.locator("a, img, script").count() == 0
