"""The ids that each generator gives one and the same headings."""

# ruff: noqa: E501
from __future__ import annotations

import pytest

from vademecum_builder.readers import slugs
from vademecum_builder.readers.markdown import read_markdown
from vademecum_builder.readers.slugs import SlugRule, Slugs, python_markdown

HEADINGS = (
    "Set up & run  it", "C++, Über_uns", "What's new? (1/2): don't", "3.2.0 -- a --- b: `--flag`", "x--y",
    "<b>Tags</b> é", "日本語 🤓.", "Weiß & Łódź: İyi... ✍️ n²", "हिन्दी", "-lead_-", "!?", "!?", "Set up & run  it", "a_1", "a_1",
)  # fmt: skip
IDS = {
    "MARKDOWN_IT_ANCHOR": "set-up-%26-run-it | c%2B%2B%2C-%C3%BCber_uns | what's-new%3F-(1%2F2)%3A-don't | 3.2.0----a-----b%3A-%60--flag%60 | x--y | %3Cb%3Etags%3C%2Fb%3E-%C3%A9 | %E6%97%A5%E6%9C%AC%E8%AA%9E-%F0%9F%A4%93. | wei%C3%9F-%26-%C5%82%C3%B3d%C5%BA%3A-i%CC%87yi...-%E2%9C%8D%EF%B8%8F-n%C2%B2 | %E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80 | -lead_- | !%3F | !%3F-1 | set-up-%26-run-it-1 | a_1 | a_1-1",
    "SINDRESORHUS": "set-up-and-run-it | c-ueber-uns | whats-new-1-2-dont | 3-2-0-a-b-flag | x-y | b-tags-b-e |  | weiss-and-lodz-iyi-n |  | lead |  |  | set-up-and-run-it-1 | a-1 | a-1-1",
    "GITHUB": "set-up--run--it | c-über_uns | whats-new-12-dont | 320----a-----b---flag | x--y | btagsb-é | 日本語- | weiß--łódź-i̇yi-️-n | हिन्दी | -lead_- |  |  | set-up--run--it-1 | a_1 | a_1-1",
    "PYTHON_MARKDOWN": "set-up-run-it | c-uber_uns | whats-new-12-dont | 320-a-b-flag | x-y | btagsb-e | _1 | wei-odz-iyi-n2 | _2 | -lead_- | _3 | _4 | set-up-run-it_1 | a_1 | a_2",
    "PYMDOWNX": "set-up--run--it | c-über_uns | whats-new-12-dont | 320----a-----b---flag | x--y | tags-é | 日本語- | weiß--łódź-iyi--n² | हनद | -lead_- | _1 | _2 | set-up--run--it_1 | a_1 | a_2",
    "GOLDMARK": "set-up--run--it | c-über_uns | whats-new-12-dont | 320--a--b---flag | xy | btagsb-é | 日本語- | weiß--łódź-iyi--n | हनद | -lead_- | heading | heading-1 | set-up--run--it-1 | a_1 | a_1-1",
    "BLACKFRIDAY": "set-up-run-it | c-über-uns | what-s-new-1-2-don-t | 3-2-0-a-b-flag | x-y | b-tags-b-é | 日本語 | weiß-łódź-iyi-n² | ह-न-द | lead | heading | heading-1 | set-up-run-it-1 | a-1 | a-1-1",
    "KRAMDOWN": "set-up--run--it | c-über_uns | whats-new-12-dont | 320--a--b-flag | xy | btagsb-é | 日本語- | weiß--łódź-i̇yi-️-n | हिन्दी | -lead_- |  |  | set-up--run--it-1 | a_1 | a_1-1",
    "MDBOOK": "set-up--run--it | c-über_uns | whats-new-12-dont | 320----a-----b---flag | x--y | btagsb-é | 日本語- | weiß--łódź-i̇yi--n² |  | -lead_- |  |  | set-up--run--it-1 | a_1 | a_1-1",
    "DOCUTILS": "set-up-run-it | c-uber-uns | what-s-new-1-2-don-t | a-b-flag | x-y | b-tags-b-e | id1 | weisz-lodz-iyi-n2 | id1 | lead | id2 | id3 | id4 | a-1 | id5",
    "VITEPRESS": "set-up-run-it | c-uber-uns | what-s-new-1-2-don-t | _3-2-0-a-b-flag | x-y | b-tags-b-e | 日本語-🤓 | weiß-łodz-iyi-✍️-n2 | हिन्दी | lead |  |  | set-up-run-it-1 | a-1 | a-1-1",
    "HONKIT": "set-up--run--it | c-überuns | whats-new-12-dont | 320----a-----b---flag | x--y | btagsb-é | 日本語-🤓 | weiß--łódź-i̇yi-✍️-n² | हिन्दी | lead- |  |  | set-up--run--it | a1 | a1",
    "PANDOC": "set-up-run-it | c-über_uns | whats-new-12-dont | a-b-flag | xy | btagsb-é | 日本語-. | weiß-łódź-iyi-n² | हनद | lead_- | section | section-1 | set-up-run-it-1 | a_1 | a_1-1",
    "MINTLIFY": "set-up-&-run-it | c++-über_uns | whats-new-1/2--dont | 3-2-0-a-b-`-flag` | x-y | <b>tags</b>-é | 日本語- | weiß-&-łódź-i̇yi--n² | हिन्दी | lead_ |  |  | set-up-&-run-it-2 | a_1 | a_1-2",
    "OBSIDIAN": "Set+up+&+run+it | C++,+Über_uns | What's+new?+(1/2):+don't | 3.2.0+--+a+---+b:+`--flag` | x--y | <b>Tags</b>+é | 日本語+🤓. | Weiß+&+Łódź:+İyi...+✍️+n² | हिन्दी | -lead_- | !? | !?-1 | Set+up+&+run+it-1 | a_1 | a_1-1",
    "SLUGIFY": "set-up-and-run-it |  | whats-new-1/2-dont | 320-a-b-flag | x-y |  |  |  |  | lead_ |  |  | set-up-and-run-it1 | a_1 | a_11",
    "unicode": "set_up_run_it | c_über_uns | whats_new_12_dont | 320_--_a_---_b_--flag | x--y | btagsb_é | 日本語 | weiß_łódź_i̇yi_n² | हनद | -lead_- | _1 | _2 | set_up_run_it_1 | a_1 | a_2",
}


@pytest.mark.parametrize("name", IDS)
def test_ids_are_those_of_the_generator(name: str) -> None:
    rule = python_markdown("_", unicode=True) if name == "unicode" else getattr(slugs, name)
    assert isinstance(rule, SlugRule)
    taken = Slugs(rule)
    assert " | ".join(map(taken.take, HEADINGS)) == IDS[name]


def test_an_id_of_the_author_is_kept_and_one_that_versions_make_otherwise_is_none() -> None:
    taken = Slugs(SlugRule(str.lower, of_source=lambda source: source.strip("`").lower()))
    said = [("A", "a", ""), ("A", "", ""), ("A", "a", ""), ("B", "", "`B`"), ("C", "", "*C*"), ("C", "c", "*C*")]
    assert [taken.take(*one) for one in said] == ["a", "a-1", "a", "b", "", "c"]


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        (slugs.VITEPRESS, ["up-and-away", "", "dogs-x"]),
        (slugs.GITHUB, ["up-and-away--tada", "a--b", "dogs-x"]),
        (slugs.DOCUSAURUS, ["up-and-away-new-tada", "a--b", "dogs-x"]),
        (slugs.KRAMDOWN, ["up-and-away--tada", "a--b", "dogs-x"]),
    ],
)
def test_what_of_pictures_signs_and_entities_is_in_an_id_says_the_generator(rule: SlugRule, ids: list[str]) -> None:
    text = "## Up and away ![new](n.svg) :tada:\n\nA.\n\n## A &amp; B\n\nB.\n\n## Dogs :x\n\nC.\n"
    assert [section.anchor for section in read_markdown(text, rule).sections] == ids


@pytest.mark.parametrize("rule", [slugs.GITHUB, slugs.KRAMDOWN])
def test_each_space_between_icons_is_in_an_id_and_none_in_the_heading(rule: SlugRule) -> None:
    icons = '<i class="note"></i> <em class="screen"></em>'
    section = read_markdown(f"# Heaters\n\n## PID Values {icons}\n\nA.\n", rule).sections[-1]
    assert (section.headings, section.anchor) == (("PID Values",), "pid-values--")


@pytest.mark.parametrize("rule", [slugs.PANDOC, slugs.KRAMDOWN])
def test_typographers_make_no_dash_of_two_hyphens_in_code(rule: SlugRule) -> None:
    said = [("Use --it", "", "Use --it"), ("Use --it", "", "Use `--it`"), ("Use it", "", "Use `it`")]
    taken = Slugs(rule)
    assert [taken.take(*one) for one in said] == ["use-it", "", "use-it-1"]


@pytest.mark.parametrize(
    ("heading", "made"),
    [
        ("Краткий обзор", "Краткий-обзор"),
        ("例 ファイルのガイド", "例-ファイルのガイド"),
        ("파일 복사", "파일-복사"),
        ("Über Äpfel, Łódź & Ægir", "Uber-Apfel-Lodz-AEgir"),
        ("Ⓐ ﬁ ²", "A-ﬁ-²"),
        ("ßıØøĐđŁłĦħŦŧÆæŒœ\x07", "siOoDdLlHhTtAEaeOEoe"),
        ("entry <string>", ""),
    ],
)
def test_ids_of_hexo_lose_the_marks_of_latin_letters_alone(heading: str, made: str) -> None:
    assert slugs.HEXO.slug(heading) == made


def test_slugify_transcribes_russian() -> None:
    made = map(
        slugs.SLUGIFY.slug,
        ("Шаг 1. Сборка: объёмы & «щётки» — $5", "Ёлка, чаща; ЭТО", "a – b", "№ 3: мои\u0306 день = a | b"),
    )
    assert [*made] == ["shag-1-sborka-obuyomy-and-shyotki-dollar5", "yolka,-chasha;-eto", "a-b", "3-moj-den-=-a-or-b"]
