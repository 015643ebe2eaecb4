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
    _, _, phrase, _ = excerpt_of(text, frozenset({word}))
    page.goto(link_to(url, phrase))
    expect(page.locator("main")).to_be_in_viewport()
    page.goto(link_to(f"{url}?else", phrase + "x"))
    expect(page.locator("main")).not_to_be_in_viewport()
