"""Words of a text: folded, whole and in parts, in many scripts. The twin is held to the same by test_twins.py."""

from __future__ import annotations

import pytest

from vademecum.search.tokens import MOST_LETTERS, named, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Rotate the KEY!", "rotate the key"),
        ("naïve Straße ﬁnd İstanbul Ø", "naive strasse find istanbul o"),
        ("e\u0301tat soft\u00adware zero\u200bwidth", "etat software zerowidth"),
        ("ΑΘΗΝΑΣ σς", "αθηνασ σσ"),
        ("Новый йод, ёж", "новый йод еж"),
        ("ＦＵＬＬ①", "full1"),
        ("JSONResponse OAuth2Bearer", "jsonresponse json response oauth2bearer o auth2 bearer"),
        ("read_text max-age", "read_text read text max-age max age"),
        ("app.add_route()", "app.add_route app add_route add route"),
        ("/etc/ssh", "etc/ssh etc ssh"),
        ("v1.2 e.g. x.", "v1.2 v1 2 e.g e g x"),
        ("__init__ -- .", "init"),
        ("don't l'eau", "don t l eau"),
        ("タスクを", "タス スク クを"),
        ("中 東京", "中 東京"),
        ("ไทย", "ไท ทย"),
        ("한국어", "한국어"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8 и\u0306од カ\u3099ス", "한국 йод ガス"),
        ("ﾊﾞｯｸｱｯﾌﾟ", "バッ ック クア アッ ップ"),
        ("Ping東京2", "ping 東京 2"),
        ("", ""),
        ("😀 … \x00\x02", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    assert " ".join(words_of(text)) == words


def test_a_word_that_never_ends_is_cut_and_a_long_path_counts_in_parts_alone() -> None:
    assert words_of("x" * 500) == ("x" * MOST_LETTERS,)
    path = "/".join(["folder"] * 20)
    assert set(words_of(path)) == {"folder"}


def test_a_name_is_the_same_however_it_is_written() -> None:
    assert named("OAuth2 Scopes") == named("oauth2 scopes.") == ("oauth2", "scopes")
    assert named("…") == ()
