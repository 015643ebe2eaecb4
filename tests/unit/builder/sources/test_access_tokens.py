"""Tokens of known shapes in documents: a warning that names file and line."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from support.publishing import NOW
from vademecum_builder.build import BuildReport, BuildRequest, build
from vademecum_builder.sources import access_tokens
from vademecum_builder.sources.access_tokens import find_tokens, is_list_of_passwords, token_lines

LETTERS = "0a1B2c3D4e5F6g7H8i9JkLmNoPqRsTuVwXyZ0a1B2c3D4e5F6g7H8i9JkLmNoPqRsTuVwXyZ0a1B2c3D4e5F6g7H8i9J"
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
# Put together here, so that no scanner takes this file for one that holds any.
TOKENS = {
    "an access key of AWS": ["AKI" + "A2E4KQ7VXZTBWPJNM", "ASI" + "A2E4KQ7VXZTBWPJNM"],
    "a token of GitHub": [*(f"gh{kind}" + "_" + LETTERS[:36] for kind in "pousr"), "github" + "_pat_" + LETTERS[:22] + "_" + LETTERS[:59]],
    "a token of GitLab": [f"gl{kind}" + "-" + LETTERS[:20] for kind in "pat dt rt ptt cbt oas soat agent".split()] + ["glrt" + "-t1_" + LETTERS[:20]],
    "a token of Slack": ["xoxb" + "-123456789012-" + LETTERS[:24], "xoxp" + "-" + LETTERS[:20], "xapp" + "-1-" + LETTERS[:20]],
    "a hook of Slack": ["hooks.slack.com" + "/services/T0A1B2C3D/B0A1B2C3D/" + LETTERS[:24]],
    "a key of Google": ["AIza" + LETTERS[:35], "GOCSPX" + "-" + LETTERS[:28]],
    "a live key of Stripe": ["sk" + "_live_" + LETTERS[:20], "rk" + "_live_" + LETTERS[:24]],
    "a token of npm": ["npm" + "_" + LETTERS[:36]],
    "a token of PyPI": ["pypi" + "-AgEIcHlwaS5vcmc" + LETTERS[:60]],
    "a key of OpenAI": ["sk" + "-proj-" + LETTERS[:60], "sk" + "-" + LETTERS[:48], "sk" + "-svcacct-" + LETTERS[:40]],
    "a key of Anthropic": ["sk" + "-ant-api03-" + LETTERS[:90]],
    "a token of Hugging Face": ["hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"],
    "a key of SendGrid": ["SG" + "." + LETTERS[:22] + "." + LETTERS[:43]],
    "a token of DigitalOcean": [f"do{kind}" + "_v1_" + HEX for kind in "opr"],
    "a token of Shopify": [f"shp{kind}" + "_" + HEX[:32] for kind in ("at", "ca", "pa", "ss")],
    "a token of Docker Hub": ["dckr" + "_pat_" + LETTERS[:27]],
    "a token of a Telegram bot": ["12345678:" + "AA" + LETTERS[:33]],
}  # fmt: skip
NONE = [
    "AKIAIOSFODNN7EXAMPLE", "ghp_" + "x" * 36, "ghp_" + "a" * 36, "ghp_YOUR" + LETTERS[:32], "sk-learn", "task-" + LETTERS[:48], "npm_config_registry",
    "AKIA", "pypi-server", "xoxb-your-token-goes-right-here", "glpat-xxxxxxxxxxxxxxxxxxxx", "sk_test_" + LETTERS[:24], "AIza" + LETTERS[:20], "eyJ0eXAi.eyJzdWIi.abc",
    "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789", "npm_" + "1234567890abcdefghijklmnopqrstuvwxyz", "glpat-" + "12345678901234567890", "AKI" + "ABCDEFGHIJKLMNOPQ",
]  # fmt: skip


@pytest.mark.parametrize("name", TOKENS)
def test_what_has_the_shape_of_a_token_is_found_in_any_sentence(name: str) -> None:
    for token in TOKENS[name]:
        assert find_tokens(f'Call it with "{token}", or not.') == {token: name}
        assert token_lines(f"one\n\nTOKEN={token}\nAgain: {token}\n".encode()) == {token: 3}
    many = " ".join(TOKENS[name])
    assert find_tokens(many) == dict.fromkeys(TOKENS[name], name)


def test_a_text_without_the_beginning_of_one_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_tokens, "_TOKEN", None)
    assert (find_tokens("A manual of pumps."), token_lines(b"A manual of pumps.")) == ({}, {})


@pytest.mark.parametrize("text", NONE)
def test_examples_and_words_are_none(text: str) -> None:
    assert find_tokens(f"Call it with {text}, or not.") == {}


def built(folder: Path, text: str, name: str = "a.md") -> BuildReport:
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / name).write_text(text)
    return build(BuildRequest(source=folder / "docs", out=folder / "dist", site=False), now=NOW)


def test_a_build_warns_of_what_would_be_published_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"# Keys\n\nSeen.\n\n<!-- {TOKENS['a token of GitHub'][0]} -->\n\nCall `{TOKENS['an access key of AWS'][0]}` or {TOKENS['a token of GitLab'][0]}.\n"
    for _ in range(2):
        assert built(tmp_path, text).warnings == (
            "a.md, line 7: an access key of AWS (AKIA2E4K…), which everybody could read: revoke it, "
            "take it out, and build once with --erase-removed",
            "a.md, line 7: a token of GitLab (glpat-0a…), which everybody could read: revoke it, "
            "take it out, and build once with --erase-removed",
        )
    assert built(tmp_path, "# Keys\n\nNone.\n").warnings == ()


def test_a_token_in_what_is_included_is_told_without_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/run.sh").write_text(f"export TOKEN={TOKENS['a token of GitHub'][0]}\n")
    (warning,) = built(tmp_path, "# Run\n\n{{#include run.sh}}\n").warnings
    assert warning.startswith("a.md: a token of GitHub (ghp_0a1B…)")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("passwords.txt", True),
        ("office/WLAN Passwörter.xlsx", True),
        ("drive:Credentials-2025.docx", True),
        ("password-list.ods", True),
        ("passwords.md", False),  # a page about them
        ("passwords.pdf", False),
        ("password-policy.docx", False),
        ("compasswords.txt", False),
    ],
)
def test_a_list_of_passwords_is_known_by_its_name(name: str, told: bool) -> None:
    assert is_list_of_passwords(name) is told


def test_a_build_warns_of_a_list_of_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert built(tmp_path, "Boathouse\n\nhunter2\n", "passwords.txt").warnings == (
        "passwords.txt: named like a list of passwords, which everybody could read: take it out, "
        "and build once with --erase-removed",
    )
