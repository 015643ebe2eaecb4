"""Access tokens of forges, clouds and other services in texts, recognised by prefix and length; and lists of passwords,
recognised by file name.

JSON web tokens are not among them: manuals are full of harmless examples.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from string import ascii_letters, digits

from vademecum_builder.sources.endings import BINARY_TYPES

_TOKENS = (
    ("an access key of AWS", r"A(?:KIA|SIA)[A-Z2-7]{16}"),
    ("a token of GitHub", r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    ("a token of GitLab", r"gl(?:pat|dt|rt|ptt|cbt|oas|soat|agent)-[\w-]{20,}"),
    ("a token of Slack", r"xox[abeoprs]-[\w-]{20,}|xapp-\d-[\w-]{20,}"),
    ("a hook of Slack", r"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{20,}"),
    ("a key of Google", r"AIza[\w-]{35}|GOCSPX-[\w-]{28}"),
    ("a live key of Stripe", r"[sr]k_live_[A-Za-z0-9]{20,}"),
    ("a token of npm", r"npm_[A-Za-z0-9]{36}"),
    ("a token of PyPI", r"pypi-AgE[\w-]{50,}"),
    ("a key of OpenAI", r"sk-(?:proj|svcacct|admin)-[\w-]{40,}|sk-[A-Za-z0-9]{48}"),
    ("a key of Anthropic", r"sk-ant-[\w-]{60,}"),
    ("a token of Hugging Face", r"hf_[A-Za-z]{34}"),
    ("a key of SendGrid", r"SG\.[\w-]{22}\.[\w-]{43}"),
    ("a token of DigitalOcean", r"do[opr]_v1_[a-f0-9]{64}"),
    ("a token of Shopify", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("a token of Docker Hub", r"dckr_pat_[\w-]{27}"),
    ("a token of a Telegram bot", r"\d{8,10}:AA[\w-]{33}"),
)  # fmt: skip
_TOKEN = re.compile(
    "(?<![A-Za-z0-9_])(?:"
    + "|".join(f"(?P<t{number}>{shape})" for number, (_, shape) in enumerate(_TOKENS))
    + ")(?![A-Za-z0-9])"
)
_PREFIXES = tuple(
    """
    AKIA ASIA ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glptt- glcbt- gloas- glsoat- glagent- xox xapp-
    hooks.slack AIza GOCSPX- k_live_ npm_ pypi- sk- hf_ SG. _v1_ shpat_ shpca_ shppa_ shpss_ dckr_pat_ :AA
    """.split()
)
"""Every token has one of them: a text without any need not be searched."""
_IN_BYTES = tuple(prefix.encode() for prefix in _PREFIXES)
_LEAST = 8
"""How many different characters a token has; with fewer it is a placeholder."""
_ORDERED = 8
"""So many characters in the order of the alphabet or of numbers were typed by hand: `abcdefgh`, `12345678`."""
_SECRETS = re.compile(
    r"(?:.*[ :_.-])?(?:pass(?:words?|wd|wort|wörter)|kenn(?:wort|wörter)|credentials|zugangsdaten|contraseñas?|"
    r"mots? de passe|senhas?|wachtwoord(?:en)?)(?:[ _.-]?(?:list[ea]?|\d+))?",
    re.IGNORECASE,
)
_LISTS = {".txt", *BINARY_TYPES} - {".pdf", ".pptx", ".epub", ".odp"}
"""The kinds of files in which people keep such a list; a page, a manual or a talk is about passwords."""


def is_list_of_passwords(key: str) -> bool:
    """Return whether a text, sheet or letter is named like a list of passwords: `WLAN passwords.txt`."""
    path = PurePosixPath(key)
    return path.suffix.lower() in _LISTS and _SECRETS.fullmatch(path.stem) is not None


def find_tokens(text: str) -> dict[str, str]:
    """Return the tokens in a text, each with its kind. Examples (`EXAMPLE`, `xxxx`, `abcdefgh`) do not count."""
    if not any(map(text.__contains__, _PREFIXES)):
        return {}
    return {
        found[0]: _TOKENS[int(str(found.lastgroup)[1:])][0]
        for found in _TOKEN.finditer(text)
        if len({*found[0]}) >= _LEAST
        and not re.search("example|xxxx|your|0000", found[0], re.IGNORECASE)
        and not _is_typed(found[0])
    }


def _is_typed(token: str) -> bool:
    # Only the longest part is the secret: one may well write 12345678 for the account's number alone.
    secret = max(re.findall("[A-Za-z0-9]+", token), key=len)
    parts = (secret[at : at + _ORDERED] for at in range(len(secret) - _ORDERED + 1))
    return any(part in ascii_letters or part in digits for part in parts)


def token_lines(data: bytes) -> dict[str, int]:
    """Return the tokens in a file, each with the line of its first occurrence."""
    if not any(map(data.__contains__, _IN_BYTES)):
        return {}
    text = data.decode("utf-8", "replace")
    return {token: text.count("\n", 0, text.index(token)) + 1 for token in find_tokens(text)}
