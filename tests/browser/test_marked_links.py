"""The link of a hit, followed: Chromium finds the words that it marks, in scripts without spaces, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.pages_host import PagesHost
from vademecum.search.excerpt import excerpt_of, link_to

FAR = "<pre>" + "\n" * 200 + "</pre>"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("First this. Then rotate the signing-key, and revoke it. Done.", "key"),
        ("応答のあとで実行する。古い鍵は次の公開で無効になり、新しい鍵が署名に使われるようになります。", "署名"),
        ("新的密钥存放在文件夹中，旧的密钥在下一个版本发布后会被吊销，请务必验证所有的签名文件是否完整。", "签名"),
        ("กุญแจใหม่ถูกสร้างขึ้นทุกปี และกุญแจเก่าจะถูกเพิกถอนเมื่อมีการเผยแพร่ครั้งถัดไป", "เก"),
    ],
    ids=["english", "japanese", "chinese", "thai"],
)
def test_a_link_leads_to_the_words_that_it_marks(
    page: Page, serve: Callable[[Path], PagesHost], tmp_path: Path, text: str, word: str
) -> None:
    """What a text fragment marks is scrolled to; where it finds nothing, a page stays at its top."""
    (tmp_path / "page.html").write_text(f'<!doctype html><meta charset="utf-8"><p>Top{FAR}<main>{text}</main>{FAR}')
    url = f"{serve(tmp_path).url}page.html"
    _, _, quote, _ = excerpt_of(text, frozenset({word}))
    page.goto(link_to(url, quote))
    expect(page.locator("main")).to_be_in_viewport()
    page.goto(link_to(f"{url}?else", quote._replace(text=quote.text + "x")))
    expect(page.locator("main")).not_to_be_in_viewport()


OFTEN = [
    # The menu, and another section, have the same words; spaces of code are kept as they are.
    ("<p>Run it.</p><p>Changed in version 3.1: Now <b>all</b>.</p>", "Run it.\n\nChanged in version 3.1: Now all."),
    ("<pre>def run():\n    changed(1)\n    a   =  2</pre>", "def run():\n    changed(1)\n    a   =  2"),
    ("<table><tr><td>run</td><td>Changed in it</td></tr></table>", "run | Changed in it"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("section", "text"), OFTEN, ids=["prose", "code", "table"])
def test_a_link_leads_to_its_own_section_where_others_have_the_same_words(
    page: Page, serve: Callable[[Path], PagesHost], tmp_path: Path, section: str, text: str
) -> None:
    others = "<nav>Changed in version 3.1</nav><p>Do it.</p><p>Changed in version 3.1: New.</p><pre>changed(1)</pre>"
    page_of = f'<!doctype html><meta charset="utf-8">{others}{FAR}<main>{section}</main>{FAR}'
    (tmp_path / "page.html").write_text(page_of, encoding="utf-8")
    _, _, quote, _ = excerpt_of(text, frozenset({"changed"}))
    page.goto(link_to(f"{serve(tmp_path).url}page.html", quote))
    expect(page.locator("main")).to_be_in_viewport()
