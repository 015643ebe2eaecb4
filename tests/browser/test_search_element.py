"""`<vademecum-search>` on a page of somebody else's, over a knowledge base that a stub plays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from browser.test_site import CLIENT, publish
from support import sampling
from support.pages_host import PagesHost

PAGE = """<!doctype html>
<html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Docs of somebody</title><link rel="stylesheet" href="theme.css?{theme}">
<script type="module" src="kb/client/vademecum-search.mjs"></script>
<main><h1>Docs of somebody</h1><p><a href="#a">A link</a> <input aria-label="Another field" id="other"></p>
<vademecum-search url="kb/" theme="auto" {attributes}></vademecum-search></main>
"""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("element")
    publish(folder)
    (folder / "repo").rename(folder / "kb")
    return folder


@pytest.fixture
def host(tree: Path, serve: Callable[[Path], PagesHost]) -> PagesHost:
    return serve(tree)


@pytest.fixture
def open_page(page: Page, host: PagesHost, tree: Path) -> Open:
    def go(attributes: str = "", lang: str = "en", theme: str = "") -> Page:
        shown = PAGE.format(attributes=attributes, lang=lang, theme=len(theme))
        (tree / "theme.css").write_text(theme)
        (tree / "page.html").write_text(shown)
        (tree / "index.html").write_text("This host's own front page.")
        page.goto(f"{host.url}page.html?{len(shown)}-{len(theme)}")  # another page is no cached one
        expect(page.locator("#query")).to_be_attached()
        return page

    return go


def options(page: Page) -> Any:
    return page.locator("#results [role=option]")


@pytest.mark.parametrize("key", ["/", "Control+k", "Meta+k"])
def test_a_key_opens_the_dialog_and_escape_gives_the_focus_back(open_page: Open, key: str) -> None:
    page = open_page()
    page.locator("main a").first.focus()
    page.keyboard.press(key)
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("/key/")
    expect(page.locator("#query")).to_have_value("key/")  # who is in the field already may press it too
    expect(options(page)).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator("#modal")).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent") == "A link"


def test_a_key_in_a_field_of_the_page_is_the_fields(open_page: Open) -> None:
    page = open_page()
    page.locator("#other").focus()
    page.keyboard.press("/")
    expect(page.locator("#other")).to_have_value("/")
    expect(page.locator("#modal")).to_be_hidden()
    page.evaluate("""() => customElements.define("closed-editor", class extends HTMLElement {
        connectedCallback() {
            const root = this.attachShadow({ mode: "closed" });
            root.append(document.createElement("textarea"));
            root.firstChild.focus();
            this.written = () => root.firstChild.value;
        }
    })""")
    page.evaluate("() => document.body.append(document.createElement('closed-editor'))")
    page.keyboard.press("/")
    assert page.evaluate("document.querySelector('closed-editor').written()") == "/"
    expect(page.locator("#modal")).to_be_hidden()
    page = open_page('hotkeys="off"')
    page.keyboard.press("Control+k")
    expect(page.locator("#modal")).to_be_hidden()


@pytest.mark.parametrize("within", [True, False])
def test_keys_open_a_search_within_an_open_dialog_and_none_behind_it(open_page: Open, within: bool) -> None:
    page = open_page()
    page.evaluate(
        """(within) => {
            const dialog = document.querySelector("main").appendChild(document.createElement("dialog"));
            dialog.append(document.querySelector("#other"));
            if (within) dialog.append(document.querySelector("vademecum-search"));
            dialog.showModal();
        }""",
        within,
    )
    page.locator("#other").focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#modal")).to_be_visible(visible=within)
    if within:
        page.keyboard.press("Escape")
        expect(page.locator("#modal")).to_be_hidden()
    expect(page.locator("#other")).to_be_focused()
    assert page.evaluate("document.querySelector('dialog').open"), "the page's own stays"


def test_what_is_typed_is_no_key_of_the_theme(open_page: Open) -> None:
    page = open_page()
    for kind in ("keydown", "keypress", "keyup"):
        page.evaluate(
            "kind => document.addEventListener(kind, (event) => 's/'.includes(event.key) && event.preventDefault())",
            kind,
        )
    page.locator("main a").first.focus()
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("sticky / cookie")
    expect(page.locator("#query")).to_have_value("sticky / cookie")


@pytest.mark.parametrize("attributes", ["", "inline"])
def test_an_escape_that_closes_and_clears_nothing_is_the_pages(open_page: Open, attributes: str) -> None:
    """A dialog of Bootstrap's, which is a <div>, listens for it, and the browser for that of a <dialog>."""
    page = open_page(attributes)
    page.evaluate(
        """() => {
            globalThis.heard = 0;
            document.addEventListener("keydown", ({ key }) => (heard += Number(key === "Escape")));
            const dialog = document.querySelector("main").appendChild(document.createElement("dialog"));
            dialog.append(document.querySelector("vademecum-search"));
            dialog.showModal();
        }"""
    )
    page.locator("#query" if attributes else "#open").focus()
    page.keyboard.press("k" if attributes else "Enter")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#query" if attributes else "#modal")).to_be_visible(visible=bool(attributes))
    assert page.evaluate("[heard, document.querySelector('dialog').open]") == [0, True]
    page.keyboard.press("Escape")
    assert page.evaluate("heard") == 1
    expect(page.locator("main > dialog")).to_be_hidden()


def test_a_dialog_that_nobody_opens_downloads_nothing(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#open")).to_be_visible()
    assert page.evaluate("globalThis.kb === undefined")
    page.locator("#open").click()
    expect(page.locator("#pill")).to_contain_text("Release 12")


@pytest.mark.parametrize(("attributes", "told"), [('url="kb/"', False), ("", True)], ids=["told where", "in a bundle"])
def test_who_embeds_it_is_told_what_it_asked_and_what_is_missing(
    page: Page, tree: Path, host: PagesHost, attributes: str, told: bool
) -> None:
    (tree / "page.html").write_text(
        PAGE.format(attributes="inline", lang="en", theme="").replace('url="kb/"', attributes)
    )
    page.goto(f"{host.url}page.html?nothing&{told}")
    expect(page.locator("#pill")).to_be_visible()
    with page.expect_console_message(lambda message: "<vademecum-search>" in message.text) as said:
        page.evaluate("kb.emit('updateFailed', {code: 'server', message: 'timestamp.json: 404'})")
    assert f"asked {host.url}kb/ for a knowledge base, and got none: timestamp.json: 404" in said.value.text
    assert ('no url="..."' in said.value.text) is told


def test_the_field_is_a_combobox_of_a_listbox(open_page: Open) -> None:
    page = open_page("inline")
    field = page.locator("#query")
    expect(field).to_have_role("combobox")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.fill("key")
    expect(options(page)).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    listbox = page.locator(f"#{field.get_attribute('aria-controls')}")
    expect(listbox).to_have_role("listbox")
    field.press("ArrowDown")
    active = page.locator(f"#{field.get_attribute('aria-activedescendant')}")
    expect(active).to_have_attribute("aria-selected", "true")
    expect(page.locator("#announce")).to_have_text("3 pages for key")
    typed = "field.value = 'keys'; field.dispatchEvent(new Event('input'));"
    said = "field.getRootNode().getElementById('announce').textContent"
    assert field.evaluate(f"(field) => {{ {typed} return {said}; }}") == ""  # no word of the former query


def test_on_paper_the_query_stands_above_what_it_found(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("key")
    expect(options(page)).to_have_count(3)
    page.emulate_media(media="print")
    expect(page.locator("#query")).to_be_visible()
    expect(page.locator(".ask button").first).to_be_hidden()
    page.locator("#query").fill("many")
    expect(page.locator("a.open[href*=':~:']").first).to_be_visible()
    printed = "(option) => [option.href, getComputedStyle(option, '::after').content]"
    told = [option.evaluate(printed) for option in page.locator("a.open").all()]
    assert [content for _, content in told] == [f'"{re.sub("#?:~:.*", "", href)}"' for href, _ in told]
    page.locator("#query").fill("key")
    expect(options(page)).to_have_count(3)
    page.emulate_media(media="screen")
    expect(page.locator(".foot")).to_have_css("position", "sticky")
    page.set_viewport_size({"width": 640, "height": 400})  # twice as large: it would lie over the hits
    expect(page.locator(".foot")).to_have_css("position", "static")


def test_on_paper_a_document_is_whole_and_in_the_colours_of_paper(open_page: Open) -> None:
    page = open_page("theme='dark'")
    page.keyboard.press("/")
    page.keyboard.type("key")
    expect(options(page)).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#reader-title")).to_have_text("Keys and signing")
    page.locator("#reader-text").evaluate(
        """(text) => {
            for (let at = 1; at <= 150; at++)
                text.appendChild(document.createElement("p")).textContent = `Paragraph ${at}.`;
        }"""
    )
    sheets = pypdfium2.PdfDocument(page.pdf())
    text = "".join(sheet.get_textpage().get_text_bounded() for sheet in sheets)
    assert len(sheets) > 2
    assert re.findall(r"Paragraph (\d+)\.", text) == [str(at) for at in range(1, 151)]
    page.emulate_media(media="print")
    assert page.locator("#reader-title").evaluate("(title) => getComputedStyle(title).color") == "rgb(37, 34, 30)"


def test_enter_goes_where_the_active_option_leads_and_with_control_in_a_new_tab(
    open_page: Open, host: PagesHost
) -> None:
    page = open_page("inline")
    page.locator("#query").fill("key")
    expect(options(page)).to_have_count(3)
    page.keyboard.press("ArrowDown")
    with page.expect_popup() as opened:
        page.keyboard.press("Control+Enter")
    assert opened.value.url.startswith(f"{host.url}kb/guide/keys.html#rotate")
    assert page.url.startswith(f"{host.url}page.html")
    page.locator("#query").press_sequentially("s")
    page.keyboard.press("Enter")  # at once: what was typed last is answered first
    page.wait_for_url("**/kb/guide/keys.html*")


def test_what_is_being_composed_is_asked_when_it_is_written(open_page: Open) -> None:
    page = open_page("inline")
    composing = page.context.new_cdp_session(page)

    def compose(text: str) -> None:
        end = len(text)
        composing.send("Input.imeSetComposition", {"text": text, "selectionStart": end, "selectionEnd": end})
        page.wait_for_timeout(100)  # as somebody types: longer than a question waits for the next letter

    asked = "kb.calls.filter((call) => call.startsWith('search'))"
    page.locator("#query").focus()
    for step in ("k", "か", "かg", "かぎ"):
        compose(step)
    page.keyboard.press("ArrowDown")  # through what the keyboard proposes
    assert page.evaluate(asked) == []
    composing.send("Input.insertText", {"text": "鍵"})
    expect(options(page)).to_have_count(3)
    assert page.evaluate(asked) == ["search 鍵"]
    for step in ("ㅋ", "키"):  # each syllable is a word as far as it goes
        compose(step)
    assert page.evaluate(asked) == ["search 鍵", "search 鍵ㅋ", "search 鍵키"]


def test_a_keyboard_that_composes_whatever_is_typed_is_answered_while_typing(open_page: Open) -> None:
    page = open_page("inline")
    page.evaluate("Object.defineProperty(navigator, 'userAgent', { value: 'Mozilla/5.0 (Linux; Android 10; K)' })")
    page.locator("#query").focus()
    composed = {"text": "key", "selectionStart": 3, "selectionEnd": 3}
    page.context.new_cdp_session(page).send("Input.imeSetComposition", composed)
    expect(options(page)).to_have_count(3)


def test_the_enter_that_ends_a_composition_opens_nothing(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("key")
    expect(options(page)).to_have_count(3)
    before = page.url
    pressed = "new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true })"
    page.locator("#query").evaluate(f"(field) => field.dispatchEvent({pressed})")
    page.wait_for_timeout(100)
    assert page.url == before
    page.locator("#query").press("Enter")
    page.wait_for_url("**/guide/keys.html**")


def test_a_hit_marks_its_words_on_its_page(open_page: Open, host: PagesHost) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many")
    expect(options(page).first).to_have_attribute("href", re.compile("/kb/m1.html#:~:text=many$"))
    # A site that is tried here: what is served here, is; the stub says that it is published at docs.example.
    here, there = (page.locator(".hit").nth(at).locator("a") for at in (3, 4))
    expect(here).to_have_attribute("href", f"{host.url}kb/release.html#ages")
    expect(there).to_have_attribute("href", "https://other.example/none.html")
    front = page.locator(".hit").nth(5).locator("a")
    expect(front).to_have_attribute("href", "https://third.example/")  # every host has a front page


def test_other_places_of_a_hit_are_behind_one_option(open_page: Open, host: PagesHost) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many")
    hit = page.locator(".hit").nth(2)
    also = hit.locator(".more").nth(1)
    expect(also).to_have_text("Also in: 1.0, 2.0 German, old › guide")  # the last one differs in nothing else
    also.click()
    expect(hit.locator("a.open").nth(1)).to_have_attribute("href", re.compile("/kb/old/keys.html$"))
    expect(hit.locator(".open").nth(1)).to_have_attribute("aria-selected", "true")
    expect(hit.locator(".open").nth(2)).to_contain_text("Seite")
    expect(hit.locator(".open").nth(3)).to_have_text(re.compile("Page 3 *old › guide"))
    hit.locator(".open").nth(2).click()  # it has no page of its own: it is read here
    with page.context.expect_page() as opened:
        hit.locator(".open").nth(2).click(modifiers=["Control"])  # or in a tab of its own
    opened.value.wait_for_url(f"{host.url}kb/?doc=de.md&q=many")  # it is blank at first
    assert page.url.startswith(f"{host.url}page.html")
    hit.locator(".open").nth(1).click(modifiers=["Shift"])
    expect(page.locator("#reader-title")).to_have_text("Keys and signing")


@pytest.mark.parametrize("stays", ["its own page", "an app's router"])
def test_a_hit_that_leaves_the_page_as_it_is_shows_it(open_page: Open, stays: str) -> None:
    page = open_page()
    if stays == "its own page":
        page.evaluate("history.replaceState(null, '', 'kb/guide/keys.html')")
    else:
        page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    page.keyboard.press("/")
    page.keyboard.type("key")
    expect(options(page)).to_have_count(3)
    page.locator("#query").press("Enter")
    expect(page.locator("#modal")).to_be_hidden()
    expect(page.locator("#open")).to_be_visible()
    assert page.url.endswith("#rotate") == (stays == "its own page")


def test_shift_and_enter_read_here(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("key")
    expect(options(page)).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#reader-title")).to_have_text("Keys and signing")
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator("#query")).to_be_focused()


def test_the_others_of_a_page_are_behind_one_option(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many")
    first = page.locator(".hit").first
    expect(first.locator(".more")).to_have_text("2 more on this page")
    expect(page.locator(".hit").nth(1).locator(".more")).to_have_text("10+ more on this page")
    for _ in range(2):
        page.keyboard.press("ArrowDown")  # from hit to hit
    expect(page.locator(".hit").nth(1).locator("a")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(first.locator("[role=option]")).to_have_count(3)
    expect(first.locator("[role=option]").nth(1)).to_have_attribute("aria-selected", "true")
    expect(first.locator(".path")).to_have_text(["Part 1", "Part 2"])  # the third is of the same part
    expect(first.locator(".title")).to_have_text("Page 1")
    expect(first.locator(".badge")).to_have_count(1)  # what the page says is said once


def test_of_pages_that_are_called_alike_each_says_where_it_is(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many twins")
    paths = page.locator(".path")
    expect(paths.nth(0)).to_have_text("guide › 1 › Part 1")
    expect(paths.nth(1)).to_have_text("Manual › Pumps › Part 1")  # as it says itself
    assert "a.example › Part 1" in paths.all_text_contents()
    page.locator("#query").fill("many")
    expect(paths.nth(0)).to_have_text("Part 1")


def test_a_section_that_is_called_as_its_page_is_not_said_below_it(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many named")
    expect(page.locator(".hit .title").first).to_have_text("Page 1")
    expect(page.locator(".hit").first.locator(".path")).to_have_count(0)


def test_the_count_is_honest_and_more_can_be_had(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many xyzzy")
    expect(page.locator(".hit")).to_have_count(20)
    expect(page.locator("#message")).to_have_text("20 of 45 pages · No page has: xyzzy")
    for shown, said in ((40, "40 of 45 pages · "), (45, "")):
        page.locator("#load").click()
        expect(page.locator(".hit")).to_have_count(shown)
        expect(page.locator("#message")).to_have_text(f"{said}No page has: xyzzy")
    expect(page.locator("#load")).to_be_hidden()
    page.locator(".hit").last.scroll_into_view_if_needed()
    page.locator("#query").fill("many near")
    expect(page.locator(".hit").first).to_be_in_viewport()  # of another query the first hits are seen
    expect(page.locator("#message")).to_have_text("No page has these words. Near in meaning:")
    expect(page.locator(".hit")).to_have_count(20)
    page.locator("#query").fill("many near xyzzy")
    expect(page.locator("#message")).to_have_text("No page has: xyzzy. Near in meaning:")
    page.locator("#query").fill("many vague")  # some pages have some of them
    expect(page.locator("#message")).to_have_text("20 of 45 pages · No page has most of these words.")
    page.locator("#query").fill("many vague xyzzy")  # some of its words were found
    expect(page.locator("#message")).to_have_text("20 of 45 pages · No page has: xyzzy")
    page.locator("#query").fill("many foreign xyzzy")
    expect(page.locator("#message")).to_have_text("No page is in this language: French · 20 of 45 pages")
    page.locator("#query").fill("many meny")
    expect(page.locator("#message")).to_have_text("Shown for “many” · 20 of 45 pages")
    page.locator("#query").fill("many «meny»")
    page.get_by_role("button", name='Search as typed: "many meny"').click()
    expect(page.locator("#query")).to_have_value('"many meny"')
    expect(page.locator("#query")).to_be_focused()
    expect(page.locator("#typed")).to_be_hidden()


@pytest.mark.parametrize("attributes", ["", "inline"])
def test_who_asks_on_from_far_down_the_list_sees_the_first_hits(open_page: Open, attributes: str) -> None:
    page = open_page(attributes)
    page.keyboard.press("/")
    page.keyboard.type("many")
    expect(page.locator(".hit")).to_have_count(20)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(page.locator(".hit").first).not_to_be_in_viewport()
    page.keyboard.type(" meny")
    expect(page.locator("#typed")).to_be_visible()
    expect(page.locator(".hit").first).to_be_in_viewport()


def test_what_is_not_all_read_yet_is_asked_again(open_page: Open) -> None:
    page = open_page("inline")
    page.clock.install()
    page.locator("#query").fill("soon")
    expect(page.locator(".hit")).to_have_count(3)
    page.clock.run_for(10_000)
    assert page.evaluate("kb.readings") == 3


def test_why_badges_and_marks_are_those_of_the_search(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many")
    expect(page.locator(".hit")).to_have_count(20)
    expect(page.locator(".why")).to_have_count(0)  # for those who ask for it
    page = open_page("inline why")
    page.locator("#query").fill("many")
    hit = options(page).nth(2)
    expect(hit.locator(".text")).to_have_text("The second of many words.")
    expect(hit.locator(".text mark")).to_have_text("many")
    expect(hit.locator(".why")).to_have_text("by words no. 1 · by meaning no. 2")
    expect(hit.locator(".why")).to_have_attribute("title", re.compile("by meaning alone"))
    expect(hit.locator(".badge")).to_have_text("v0")
    expect(hit.locator("time.age")).to_have_attribute("datetime", "2020-05-01")
    expect(hit.locator("time.age")).to_have_text(re.compile(r"^\d+ years ago$"))
    expect(options(page).nth(3).locator(".age")).to_have_count(0)  # what is not a time says nothing


def test_facets_narrow_the_hits(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many")
    group = page.get_by_role("group", name="Version")
    expect(group.get_by_role("button")).to_have_text(["v1 (23)", "v0 (22)"])
    expect(page.get_by_role("group", name="Language")).to_have_count(0)  # of one value
    group.get_by_role("button", name="v0").click()
    expect(group.get_by_role("button", name="v0")).to_have_attribute("aria-pressed", "true")
    expect(group.get_by_role("button")).to_have_text(["v0 (22)", "v1 "])  # the other can be had beside it
    assert page.evaluate("kb.asked.filters") == {"version": ["v0"]}
    page.emulate_media(forced_colors="active")
    pressed, other = (
        group.get_by_role("button", pressed=on).evaluate("(one) => getComputedStyle(one).backgroundColor")
        for on in (True, False)
    )
    assert pressed != other
    page.emulate_media(forced_colors="none")
    group.get_by_role("button", name="v1").click()
    expect(group.get_by_role("button")).to_have_text(["v0 (22)", "v1 (23)"])
    assert page.evaluate("kb.asked.filters") == {"version": ["v0", "v1"]}
    expect(group.get_by_role("button", name="v1")).to_be_focused()  # though it was drawn anew
    page.evaluate("kb.status.installed = null")  # what was shown did not verify
    page.locator("#query").fill("many more")
    expect(group).to_be_hidden()


def test_versions_to_narrow_by_are_in_the_order_of_their_numbers(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many versions")
    buttons = page.get_by_role("group", name="Version").get_by_role("button")
    expect(buttons).to_have_text(["2.10 (6)", "2.9 (30)", "1 (9)"])


def test_of_many_fields_and_values_the_first_are_shown_and_the_rest_unfolds(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many wide")
    rows, values = page.locator(".facet"), page.get_by_role("group", name="a", exact=True).get_by_role("button")
    expect(rows).to_have_count(3)
    expect(values).to_have_text([*(f"kind {i} ({20 - i})" for i in range(5)), "More (4)"])
    values.last.press("Enter")
    expect(values).to_have_count(10)
    expect(values.last).to_be_focused()
    expect(values.last).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="kind 8").click()
    values.last.click()
    expect(values).to_have_text(["kind 8 (12)", *(f"kind {i} ({20 - i})" for i in range(4)), "More (4)"])
    page.get_by_role("button", name="More filters (2)").click()
    expect(rows).to_have_count(5)
    rows.last.get_by_role("button", name="v0").click()
    page.get_by_role("button", name="Fewer filters").click()
    expect(rows).to_have_count(4)  # what is chosen is not hidden
    page.locator("#query").fill("many")
    expect(rows).to_have_count(1)
    expect(page.locator(".fold")).to_have_count(0)


def test_many_numbers_are_narrowed_to_a_range(open_page: Open) -> None:
    page = open_page("inline facets=shop.price")
    page.locator("#query").fill("many priced")
    least, most = (page.get_by_role("spinbutton", name=f"price, {end}") for end in ("from", "to"))
    least.fill("1002.5")
    least.press("Enter")
    expect(least).to_be_focused()
    most.fill("1010")
    most.press("Tab")
    page.wait_for_function("kb.asked.filters['shop.price'].max")
    assert page.evaluate("kb.asked.filters") == {"shop.price": {"min": 1002.5, "max": 1010}}
    for end in (least, most):
        end.fill("")
        end.press("Enter")
    page.wait_for_function("Object.keys(kb.asked.filters).length === 0")


def test_filters_that_are_no_json_and_fields_that_no_document_has_are_told(open_page: Open, page: Page) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    open_page("inline filters=version:1 facets='[team' prefer='{}'")
    page.locator("#query").fill("unsaid")
    expect(options(page)).to_have_count(3)
    assert len(told) == 3 and 'facets="...">, which has to be JSON as ["net price"]' in told[0]
    assert 'filters="...">, which has to be JSON' in told[1]
    assert told[2].endswith('filters="...">: no document has versoin; is version meant?')


def test_what_was_typed_before_the_script_came_is_asked(page: Page, host: PagesHost, tree: Path) -> None:
    shown = PAGE.format(attributes="inline", lang="en", theme=0)
    (tree / "page.html").write_text(shown.replace("</vademecum-search>", "<input id=early></vademecum-search>"))
    held: list[Route] = []
    page.route("**/vademecum-search.mjs", lambda route: held.append(route))
    page.goto(f"{host.url}page.html?early", wait_until="commit")
    page.locator("#early").press_sequentially("key")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator("#query")).to_have_value("key")
    expect(page.locator("#query")).to_be_focused()
    expect(options(page)).to_have_count(3)
    expect(page.locator("#early")).to_have_count(0)


def test_an_app_may_set_what_answers_before_the_script_came(page: Page, host: PagesHost, tree: Path) -> None:
    (tree / "page.html").write_text(PAGE.format(attributes="", lang="en", theme=0))
    held: list[Route] = []
    page.route("**/vademecum-search.mjs", lambda route: held.append(route))
    page.goto(f"{host.url}page.html?before", wait_until="commit")
    page.locator("#other").wait_for()
    page.evaluate("globalThis.own = {}; document.querySelector('vademecum-search').knowledgeBase = own")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator("#open")).to_be_visible()
    assert page.evaluate("document.querySelector('vademecum-search').knowledgeBase === own")


def test_a_page_says_what_is_searched_and_preferred(open_page: Open) -> None:
    page = open_page("""inline filters='{"source":"a","version":"v1"}' prefer='{"version":"v0"}'""", lang="de")
    page.locator("#query").fill("many")
    page.get_by_role("group", name="Version").get_by_role("button", name="v0").click()
    page.wait_for_function("kb.asked.filters.version[0] === 'v0'")  # the reader's choice goes before
    assert page.evaluate("kb.asked.filters") == {"source": "a", "version": ["v0"]}
    assert page.evaluate("kb.asked.prefer") == {"version": "v0", "lang": "de"}  # that of the page, not of the browser


def test_what_a_page_says_later_is_searched_at_once(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("many")
    expect(page.locator(".hit")).to_have_count(20)
    assert page.evaluate("JSON.stringify([kb.asked.filters, kb.asked.prefer])") == '[{},{"lang":"en"}]'
    page.evaluate("""() => {
      const element = document.querySelector("vademecum-search");
      element.setAttribute("filters", '{"source":"a"}');
      element.setAttribute("prefer", '{"version":"v0"}');
    }""")
    asked = page.evaluate("JSON.stringify([kb.asked.filters, kb.asked.prefer])")
    assert asked == '[{"source":"a"},{"version":"v0","lang":"en"}]'
    page.evaluate("document.querySelector('vademecum-search').setAttribute('filters', 'null')")
    assert page.evaluate("kb.asked.filters") == {}
    page.evaluate("document.querySelector('vademecum-search').setAttribute('prefer', 'null')")
    assert page.evaluate("kb.asked.prefer") == {"lang": "en"}
    page.evaluate("document.querySelector('vademecum-search').setAttribute('filters', '{\"source\":\"b\"}')")
    page.evaluate("document.querySelector('vademecum-search').removeAttribute('filters')")
    assert page.evaluate("kb.asked.filters") == {}


def test_what_is_asked_of_an_element_that_was_just_made_is_done(open_page: Open) -> None:
    page = open_page()
    page.evaluate("""() => {
      const element = document.createElement("vademecum-search");
      element.query = "many";
      element.open();
      document.querySelector("vademecum-search").replaceWith(element);
    }""")
    expect(page.locator("#query")).to_have_value("many")
    expect(page.locator("#modal")).to_be_visible()
    expect(page.locator(".hit")).to_have_count(20)


def test_a_page_names_the_fields_to_narrow_by(open_page: Open) -> None:
    page = open_page('inline facets="tags  version"')
    page.locator("#query").fill("many")
    expect(page.locator(".hit")).to_have_count(20)
    assert page.evaluate("kb.asked.facets") == ["tags", "version"]


def test_a_page_names_fields_to_show_with_hits_and_in_the_reader(open_page: Open) -> None:
    page = open_page('inline badges=\'["shop.price", "made"]\'', lang="de")
    page.locator("#query").fill("many")
    expect(page.locator(".hit").nth(2).locator(".badge")).to_have_text(["v1", "price 1001,50"])
    page.locator("#query").fill("key")
    expect(options(page)).to_have_count(3)  # those of the former query have no badges
    page.locator(".read").first.click()
    expect(page.locator("#reader-text .badge")).to_have_text(["price 1234,50", "Oslo", "made 24", "made true"])


def test_recent_searches_are_kept_here_and_forgotten_when_asked(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("keys")
    expect(options(page)).to_have_count(3)
    page.locator("#query").fill("")
    expect(options(page)).to_have_count(0)  # only what led somewhere
    page.locator("#query").fill("key")
    page.locator(".read").first.click()
    expect(page.locator("#reader")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    page.locator("#clear").click()
    expect(options(page)).to_have_text(["key"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#query")).to_have_value("key")
    page.locator("#clear").click()
    expect(options(page)).to_have_text(["key"])
    assert page.evaluate(
        "document.querySelector('vademecum-search').shadowRoot.querySelector('#results ~ #forget') !== null"
    )
    page.locator("#query").fill("wait")  # until it is answered nothing looks like a hit
    expect(page.locator("#bones")).to_be_visible()
    expect(options(page)).to_have_count(0)
    expect(page.locator("#forget")).to_be_hidden()
    page.locator("#clear").click()
    page.locator("#forget").click()
    expect(options(page)).to_have_count(0)
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(
    ("lang", "direction", "said", "keys"),
    [("de", "ltr", "Suchen", "Strg Enter"), ("ar-EG", "rtl", "بحث", "Ctrl Enter")],
)
def test_it_speaks_the_language_of_its_page(open_page: Open, lang: str, direction: str, said: str, keys: str) -> None:
    page = open_page("inline", lang=lang)
    expect(page.locator("#query")).to_have_attribute("placeholder", said)
    expect(page.locator(".hints")).to_contain_text(keys)
    assert (
        page.locator(".hints > *").count() == page.locator(".hints > :has(kbd)").count()
    )  # what each does stays beside it
    assert page.locator(".root").evaluate("(root) => getComputedStyle(root).direction") == direction
    page.locator("#query").fill("key")
    expect(options(page)).to_have_count(3)
    outside = page.locator(".hit").locator(".title, .path, .text")
    assert set(outside.evaluate_all("(found) => found.map((one) => one.dir)")) == {"auto"}


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("title", ["What a key signs", "ما يوقعه المفتاح"])
def test_a_title_leaves_room_for_the_button_beside_it_whichever_way_it_runs(
    open_page: Open, lang: str, title: str
) -> None:
    page = open_page("inline", lang=lang)
    page.locator("#query").fill("key")
    expect(options(page)).to_have_count(3)
    hit = page.locator(".hit", has=page.locator(".read")).first
    overlaps = hit.evaluate(
        """(hit, title) => {
            hit.querySelector('.title').textContent = `${title} `.repeat(30);
            const text = document.createRange();
            text.selectNodeContents(hit.querySelector('.title'));
            const button = hit.querySelector('.read').getBoundingClientRect();
            return [...text.getClientRects()].some(({ left, right }) => left < button.right && button.left < right);
        }""",
        title,
    )
    assert not overlaps


def test_keys_are_called_as_this_keyboard_has_them(open_page: Open, page: Page) -> None:
    expect(open_page().locator("#open kbd")).to_have_text("Ctrl K")
    page.add_init_script("Object.defineProperty(navigator, 'platform', {value: 'MacIntel'})")
    expect(open_page(lang="de").locator("#open kbd")).to_have_text("⌘ K")


def test_an_app_sets_colours_and_parts(open_page: Open) -> None:
    page = open_page("inline")
    page.evaluate("document.querySelector('vademecum-search').setAttribute('theme', 'dark')")
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`vademecum-search { --vademecum-accent: rgb(1, 2, 3) }
        vademecum-search::part(title) { font-size: 31px }`);
      document.adoptedStyleSheets = [sheet];
    }""")
    page.locator("#query").fill("key")
    title = page.locator(".title").first
    assert title.evaluate("(node) => getComputedStyle(node).color") == "rgb(1, 2, 3)"
    assert title.evaluate("(node) => getComputedStyle(node).fontSize") == "31px"
    assert page.locator(".root").evaluate("(node) => getComputedStyle(node).colorScheme") == "dark"


def test_it_looks_the_same_in_a_theme_that_has_sizes_and_letters_of_its_own(open_page: Open) -> None:
    """Material for MkDocs makes a rem of 20 pixels, and has texts of 10; bars of VitePress do not wrap;
    lines of Japanese may stand upright."""
    sizes = """() => ["#open", "#open span", "#query", "[role=option] .text", "[role=option] .title"].map((name) => {
        const style = getComputedStyle(document.querySelector("vademecum-search").shadowRoot.querySelector(name));
        const { fontSize, whiteSpace, textTransform, letterSpacing, fontStyle, writingMode } = style;
        return [fontSize, whiteSpace, textTransform, letterSpacing, fontStyle, writingMode].join(" ");
      })"""
    seen = []
    letters = "white-space: nowrap; text-transform: uppercase; letter-spacing: 9px; font-style: italic"
    for theme in ("", f"html {{ font-size: 125%; writing-mode: vertical-rl; }} body {{ font-size: .5rem; {letters} }}"):
        page = open_page(theme=theme)
        page.locator("#open").click()
        page.locator("#query").fill("key")
        expect(options(page)).to_have_count(3)
        seen.append(page.evaluate(sizes))
    assert seen[0] == seen[1] and seen[0][0] == "16px normal none normal normal horizontal-tb"
    page = open_page(theme="vademecum-search { font-size: 20px; }")
    assert page.locator("#open").evaluate("button => getComputedStyle(button).fontSize") == "20px"


def test_a_knowledge_base_of_the_apps_own_answers(open_page: Open, host: PagesHost) -> None:
    page = open_page()
    page.evaluate("""async () => {
      const { KnowledgeBase } = await import("/kb/client/vademecum.mjs");
      document.querySelector("vademecum-search").knowledgeBase = new KnowledgeBase({ mine: true });
    }""")
    page.locator("#open").click()
    expect(page.locator("#pill")).to_be_visible()
    assert page.evaluate("kb.options") == {"mine": True}


def test_an_element_that_is_moved_goes_on(open_page: Open) -> None:
    page = open_page("inline")
    page.locator("#query").fill("key")
    page.evaluate("document.body.append(document.querySelector('vademecum-search'))")
    page.locator("#query").fill("many")
    expect(page.locator(".hit")).to_have_count(20)
    page.evaluate("document.querySelector('vademecum-search').remove()")
    page.keyboard.press("/")  # nobody listens any more, and nothing is thrown


def test_a_page_that_turns_to_another_language_turns_the_search(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("many")
    expect(page.locator(".hit")).to_have_count(20)
    page.evaluate("globalThis.begun = 0; addEventListener('vademecum-start', () => begun++, true)")
    page.evaluate("document.documentElement.lang = 'de'")
    expect(page.locator("#query")).to_have_attribute("placeholder", "Suchen")
    expect(page.locator("#query")).to_have_value("many")
    expect(page.locator("#query")).to_be_focused()
    expect(page.locator(".hit")).to_have_count(20)
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('vademecum-search').lang = 'ar'")
    expect(page.locator(".root")).to_have_attribute("dir", "rtl")
    expect(page.locator("#modal")).to_be_hidden()
    assert page.evaluate("begun") == 0, "it is the same knowledge base"


def test_a_page_that_turns_back_before_the_words_have_come_stays(open_page: Open) -> None:
    page = open_page()
    coming: list[Route] = []
    page.route("**/texts/de.mjs", lambda route: coming.append(route))
    with page.expect_request("**/texts/de.mjs"):
        page.evaluate("document.documentElement.lang = 'de'")
    page.evaluate("document.documentElement.lang = 'en'")
    with page.expect_response("**/texts/de.mjs"):
        coming[0].continue_()
    page.evaluate("import('./kb/client/ui/texts/de.mjs').then(() => new Promise(requestAnimationFrame))")
    expect(page.locator("#query")).to_have_attribute("placeholder", "Search")


@pytest.mark.parametrize(("attributes", "does"), [("", "Close"), ("inline", "Clear the search")])
def test_who_does_not_see_it_is_told_the_keys_and_what_went_wrong(open_page: Open, attributes: str, does: str) -> None:
    page = open_page(attributes)
    page.keyboard.press("/")
    expect(page.locator("#query")).to_have_accessible_description(re.compile(f"Escape: {does}.$"))
    broken = "async () => { throw Object.assign(new Error('x'), { code: 'storage' }); }"
    page.evaluate(f"() => {{ kb.search = {broken} }}")
    page.keyboard.type("key")
    expect(page.locator("#announce")).to_have_text("This browser’s storage could not be used.")


def test_no_key_opens_a_search_that_nobody_would_see(open_page: Open) -> None:
    page = open_page()
    page.evaluate("document.querySelector('vademecum-search').style.display = 'none'")
    page.evaluate("addEventListener('keydown', (event) => (globalThis.taken = event.defaultPrevented))")
    page.keyboard.press("Control+k")
    assert page.evaluate("taken") is False
    assert page.locator("#modal").evaluate("(dialog) => dialog.open") is False, "the page would be dead"


def test_in_a_shadow_root_the_language_is_the_pages(open_page: Open) -> None:
    page = open_page(lang="de")
    page.evaluate("""() => {
        const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
        root.append(document.querySelector("vademecum-search").cloneNode());
        document.querySelector("vademecum-search").remove();
    }""")
    expect(page.locator("#open")).to_contain_text("Suchen")


def test_on_a_phone_the_keyboard_goes_and_the_page_behind_stays(
    open_page: Open, host: PagesHost, browser: Browser
) -> None:
    open_page()
    with browser.new_context(viewport={"width": 393, "height": 659}, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        page.goto(f"{host.url}page.html")
        page.evaluate("document.body.style.height = '9000px'; scrollTo(0, 600)")
        page.evaluate("document.querySelector('vademecum-search').open()")
        field = page.locator("#query")
        field.fill("many")
        expect(page.locator(".hit")).to_have_count(20)
        field.press("Enter")  # the key that says "search"
        expect(field).not_to_be_focused()
        assert page.url.endswith("page.html")
        touch = context.new_cdp_session(page)

        def swipe(y: int) -> None:
            points = [[{"x": 60, "y": y - up}] for up in range(0, 160, 20)]
            for kind, at in [("touchStart", points[0]), *(("touchMove", at) for at in points[1:]), ("touchEnd", [])]:
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        swipe(45)
        swipe(645)  # at the field and at the foot
        assert page.evaluate("scrollY") == 600
        field.focus()
        swipe(400)
        expect(field).not_to_be_focused()
        assert page.locator("#modal .body").evaluate("(body) => body.scrollTop") > 0


@pytest.mark.parametrize(("size", "locale"), [((1280, 800), "en-GB"), ((390, 844), "ar-EG")], ids=["desktop", "phone"])
def test_axe_finds_nothing(tree: Path, browser: Browser, host: PagesHost, size: Any, locale: str) -> None:
    look: Any = {"viewport": {"width": size[0], "height": size[1]}, "locale": locale}
    # What fades in would not have its colours yet.
    context = browser.new_context(**look, reduced_motion="reduce")
    page = context.new_page()
    (tree / "page.html").write_text(PAGE.format(attributes="", lang="en", theme=""))

    states: list[str] = []

    def examine(state: str) -> None:
        """Each state in two of four looks: in both sizes and in both schemes."""
        states.append(state)
        schemes: list[Literal["light", "dark"]] = ["light", "dark"]
        first = len(states) % 2 == (size[0] > 500)
        for scheme in schemes if sampling.ALL else schemes[:1] if first else schemes[1:]:
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page).response["violations"]
            assert found == [], f"{state}, {scheme}: {json.dumps(found, indent=1)[:3000]}"

    page.goto(f"{host.url}kb/index.html")
    expect(page.locator("#pill")).to_be_visible()
    examine("home")
    said = {"en": ("Search", "Release 12"), "ar": ("بحث", "الإصدارة 12")}
    language = locale[:2]  # the visitor's own: the publisher has said none
    expect(page.locator("nav [aria-current]")).to_have_text(said[language][0])
    expect(page.locator("#pill")).to_contain_text(said[language][1])
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    page.locator("#query").fill("many")
    expect(page.locator(".hit")).to_have_count(20)
    page.keyboard.press("ArrowDown")
    examine("results")
    page.locator(".facet button").first.click()
    page.locator("#query").fill("many meny")
    expect(page.locator("#typed")).to_be_visible()
    page.locator(".more").first.click()
    offer = "{sequence: 13, bytes: 12_000}"
    page.evaluate(f"kb.emit('updateAvailable', {offer}, {{offer: {offer}, state: 'update-available'}})")
    expect(page.locator("#notice-act")).to_be_visible()
    context.set_offline(True)
    expect(page.locator("#pill")).to_have_attribute("data-tone", "off")
    examine("narrowed, as typed, unfolded, offered, offline")
    context.set_offline(False)
    page.locator("#query").fill("absent")
    error = "{lastError: {code: 'signature', message: '', at: ''}, offer: null}"
    page.evaluate(f"kb.emit('updateFailed', {{code: 'signature', message: '', willRetry: false}}, {error})")
    expect(page.locator("#pill")).to_have_attribute("data-tone", "warn")
    examine("nothing found, an update that failed")
    page.goto(f"{host.url}kb/index.html?nothing")
    expect(page.locator("#pill")).to_be_visible()
    page.evaluate(
        "kb.emit('updateProgress', {stage: 'downloading', percentage: 37, bytes: 340_000, totalBytes: 912_345})"
    )
    expect(page.locator("#install-bar")).to_have_attribute("value", "37")
    examine("first download")
    page.goto(f"{host.url}kb/index.html?doc=guide/page.md")
    expect(page.locator("#reader")).to_be_visible()
    examine("reader")
    page.keyboard.press("Escape")
    page.locator("#pill").click()
    expect(page.locator("#facts")).to_contain_text("12 (v12)")
    examine("panel")
    page.goto(f"{host.url}page.html")
    page.locator("#open").click()
    expect(page.locator("#pill")).to_be_visible()
    examine("empty dialog")
    page.locator("#query").fill("key")
    expect(page.locator(".hit")).to_have_count(3)
    examine("dialog")
    page.goto(f"{host.url}kb/release.html")
    expect(page.locator("h1")).to_have_text(said[language][1])
    examine("release")
    figures = page.locator(".figures, .figures div:last-child")
    whole, last = figures.evaluate_all("(found) => found.map((one) => one.getBoundingClientRect().right)")
    assert language == "ar" or whole - last <= 1  # no hole in the last row
    for other in ("documents.html", "404.html"):
        page.goto(f"{host.url}kb/{other}")
        expect(page.locator("h1")).to_be_visible()
        examine(other)
    context.close()


def test_nothing_of_it_is_made_of_markup() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.style\b"
    for module in (CLIENT / "vademecum-search.mjs", *sorted((CLIENT / "ui").rglob("*.mjs"))):
        assert re.findall(forbidden, module.read_text(encoding="utf-8")) == [], module.name
