"""Sources: which files of a folder are read, which are left out, and which are named as skipped."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from support.publishing import NOW
from vademecum.errors import UsageError
from vademecum_builder.signing.root import new_keys
from vademecum_builder.sources import private_keys, walk
from vademecum_builder.sources.base import Checkpoint, Skipped, SourceItem
from vademecum_builder.sources.folder import FolderSource
from vademecum_builder.sources.private_keys import private_key_line


def put(root: Path, name: str, content: str | bytes = "text") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def keys(root: Path, patterns: Sequence[str] = ()) -> list[str]:
    return [item.key for item in FolderSource(root, patterns).scan() if isinstance(item, SourceItem)]


def skipped(source: FolderSource) -> dict[str, str]:
    return {item.key: item.reason for item in source.scan() if isinstance(item, Skipped)}


def test_markdown_text_and_html_are_read_other_kinds_are_not(tmp_path: Path) -> None:
    for name in ("a.md", "b.markdown", "c.txt", "d.html", "e.htm", "F.MD", "g.png", "h", "i.py"):
        put(tmp_path, name, name)
    found = [item for item in FolderSource(tmp_path).scan() if isinstance(item, SourceItem)]
    assert [(file.key, file.media_type) for file in found] == [
        ("F.MD", "text/markdown"),
        ("a.md", "text/markdown"),
        ("b.markdown", "text/markdown"),
        ("c.txt", "text/plain"),
        ("d.html", "text/html"),
        ("e.htm", "text/html"),
    ]
    assert found[1].data == b"a.md"
    assert found[1].content_hash == hashlib.sha256(b"a.md").hexdigest()


def test_keys_rise_by_their_bytes_across_folders(tmp_path: Path) -> None:
    names = ["a/b.md", "a-b.md", "a.md", "a0.md", "a/z/c.md", "Z.md", "é.md", "z.md", "a b.md", "a/ü/x.md"]
    for name in names:
        put(tmp_path, name)
    assert keys(tmp_path) == sorted(names, key=str.encode)


def test_pages_that_nothing_reads_are_told_where_there_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "---\r\ntitle: A\ntags:\n  - b\n\t- c\n---\n\nText\n"
    for name in (*(f"{n}.md" for n in range(12)), "LICENSE", "NOTICE", "AUTHORS"):
        put(tmp_path, name, page)

    def told(*names: str, content: str = page) -> Sequence[str]:
        for name in names:
            put(tmp_path, name, content)
        return FolderSource(tmp_path).changes(None).warnings

    warning = (
        "{} files (.njk) with front matter, as pages have it, that nothing reads: copy them as .md, or build "
        "the rendered site (the folder has {} documents beside them)"
    )
    assert told("a.NJK", "b.njk") == []  # fewer than a fourth
    assert told("c.njk") == [warning.format(3, 12)]
    assert told("d.njk", "e.njk", content="---\nno page") == [warning.format(5, 12)]
    assert told("f.njk", content="---\n") == []  # half of them are none
    assert told("g/1.njk", "g/2.njk") == [warning.format(8, 12)]
    refuse(monkeypatch, "open", tmp_path / "a.NJK")
    assert told("h.njk", content="") == []
    few = put(tmp_path, "few/a.njk", page).parent
    put(few, "a.md")
    assert FolderSource(few).changes(None).warnings == [
        warning.format(1, 1).replace("1 documents", "1 document").replace("1 files", "1 file")
    ]
    assert FolderSource(few, max_bytes=9).read("a.njk") == page.encode()[:9]
    with pytest.raises(UsageError, match=r"few: a folder has no checkpoint \(commit\)"):
        FolderSource(few).changes(Checkpoint("commit", ""))


NOBODYS = {
    ".b.md": "hidden files",
    "~$b.md": "hidden files",
    "d/.e/f.md": "files in hidden folders",
    ".venv/x.md": "files in hidden folders",
    "node_modules/x/README.md": "files of packages and builds (node_modules, venv)",
    "venv/lib/LICENSE.txt": "files of packages and builds (node_modules, venv)",
    "env/pyvenv.cfg": "",
    "env/lib/a.md": "files of packages and builds (node_modules, venv)",
    "d/_site/a.html": "files of packages and builds (node_modules, venv)",
    "d/_partials/a.mdx": "page templates (_partials, _templates)",
    "_templates/a.html": "page templates (_partials, _templates)",
    "{{cookiecutter.name}}/a.md": "page templates (_partials, _templates)",
    "kb/metadata/timestamp.json": "",
    "kb/releases/a.json": "",
    "kb/index.html": "files of published knowledge bases",
    "notes/releases/1.md": None,
    "signed/metadata/timestamp.json": "",
    "signed/a.md": None,
    "robots.txt": "files for programs (robots.txt, requirements.txt)",
    "d/CLAUDE.md": "files for programs (robots.txt, requirements.txt)",
    "google0123456789abcdef.html": "files for programs (robots.txt, requirements.txt)",
    "d/agents.md": None,
    "d/dev-requirements.txt": "files for programs (robots.txt, requirements.txt)",
    "requirements/base.txt": None,
    "d/ignored.md": "files that .gitignore names",
    "built/deep/a.md": "files that .gitignore names",
    ".git/c.md": "",
    "picture/.d/x.png": "",
}


def test_what_is_nobodys_document_is_left_out_and_counted(tmp_path: Path) -> None:
    for name in ("a.md", *NOBODYS):
        put(tmp_path, name)
    put(tmp_path, ".gitignore", "ignored.md\nbuilt/\n")
    (tmp_path / ".loop.md").symlink_to(".loop.md")
    source = FolderSource(tmp_path, leave_out=[tmp_path / ".out", tmp_path / "out", tmp_path / "b.md"])
    for name in (".out/index.html", "out/index.html", "b.md"):
        put(tmp_path, name)
    documents = sorted(["a.md", *(name for name, kind in NOBODYS.items() if kind is None)])
    assert [item.key for item in source.scan()] == documents
    assert source.keys() == sorted([*documents, "signed/metadata/timestamp.json"])  # of whatever kind
    expected = Counter(kind for kind in NOBODYS.values() if kind) + Counter({"hidden files": 1})
    assert source.changes(None).left_out == expected


def test_in_a_large_folder_that_is_left_out_not_every_file_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vademecum_builder.sources.left_out.MOST_COUNTED", 2)
    for name in ("a.md", *(f"node_modules/{folder}/{file}.md" for folder in "xyz" for file in "ab")):
        put(tmp_path, name)
    assert FolderSource(tmp_path).changes(None).left_out == {"files of packages and builds (node_modules, venv)": 4}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["**", "node_modules/x/**"], ["a.md", "node_modules/x/README.md"]),
        ([".github/**"], [".github/b.md"]),
        (["!.github/**"], ["a.md"]),
        (["**", "robots.txt"], ["a.md", "robots.txt"]),
    ],
)
def test_a_pattern_that_names_it_takes_it_in(tmp_path: Path, patterns: list[str], expected: list[str]) -> None:
    for name in ("a.md", "node_modules/x/README.md", ".github/b.md", "robots.txt"):
        put(tmp_path, name)
    assert sorted(keys(tmp_path, patterns)) == sorted(expected)


def test_gitignore_files_hold_for_their_folder_and_below(tmp_path: Path) -> None:
    put(tmp_path, ".gitignore", "build/\n*.tmp.md\n/top.md\n# comment\n!\n\n")
    put(tmp_path, "guide/.gitignore", "draft*\n!draft-ok.md\n!keep.tmp.md\n")
    for name in ("a.md", "top.md", "x.tmp.md", "build/b.md", "guide/build/c.md"):
        put(tmp_path, name)
    for name in ("top.md", "draft.md", "draft-ok.md", "keep.tmp.md", "deep/draft2.md", "drafts/a.md"):
        put(tmp_path, "guide/" + name)
    put(tmp_path, "draft.md")
    expected = ["a.md", "draft.md", "guide/draft-ok.md", "guide/keep.tmp.md", "guide/top.md"]
    assert keys(tmp_path) == expected


def test_what_lies_in_an_ignored_folder_stays_ignored_but_not_with_two_stars(tmp_path: Path) -> None:
    put(tmp_path, ".gitignore", "one/\n!one/keep.md\ntwo/**\n!two/keep.md\n")
    for name in ("a.md", "one/keep.md", "two/keep.md", "two/b.md"):
        put(tmp_path, name)
    assert keys(tmp_path) == ["a.md", "two/keep.md"]  # as `git check-ignore` says


def test_the_enclosing_repository_is_heard(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    put(tmp_path, ".gitignore", "docs/private/\nsecret.md\n")
    for name in ("docs/a.md", "docs/secret.md", "docs/private/b.md"):
        put(tmp_path, name)
    assert keys(tmp_path / "docs") == ["a.md"]


def test_a_folder_that_is_itself_ignored_is_read_when_it_is_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    put(tmp_path, ".gitignore", "generated/\n")
    put(tmp_path, "generated/docs/a.md")
    assert keys(tmp_path / "generated/docs") == ["a.md"]


@pytest.mark.parametrize(
    ("ignored", "read"),
    [
        ("dist/*\n!dist/.gitkeep\n", ["a.md", "b.md"]),
        ("dist/*\n!dist/a.md\n", ["a.md"]),  # what the others are, nobody is to see
        ("*.md\n", []),  # of all of the repository, not of this folder
    ],
)
def test_a_folder_in_which_all_is_ignored_is_read_when_it_is_named(
    ignored: str, read: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    put(tmp_path, ".gitignore", ignored)
    for name in ("a.md", "b.md", ".gitkeep"):
        put(tmp_path, f"dist/{name}")
    source = FolderSource(tmp_path / "dist", may_be_empty=True)
    assert [item.key for item in source.scan() if isinstance(item, SourceItem)] == read


def test_gitignore_files_outside_a_repository_say_nothing(tmp_path: Path) -> None:
    put(tmp_path, ".gitignore", "*.md\n")
    put(tmp_path, "docs/a.md")
    assert keys(tmp_path / "docs") == ["a.md"]


def test_patterns_with_a_few_stars_are_fine(tmp_path: Path) -> None:
    for name in ("a.md", "x/my_draft_v1.md", "x/y/z/w/b.md"):
        put(tmp_path, name)
    put(tmp_path, ".gitignore", "*my*draft*v*\n# *a*b*c*d*e\n/x/*/*/*/*.md\n")
    assert keys(tmp_path) == ["a.md"]


def test_a_private_key_is_never_published(tmp_path: Path) -> None:
    put(tmp_path, "a.md")
    new_keys(tmp_path / "keys", NOW)
    for number, pem in enumerate(sorted((tmp_path / "keys").glob("*.pem"))):
        put(tmp_path, f"note{number}.txt", b"Our key:\r\n" + pem.read_bytes().replace(b"\n", b"\r\n"))
        pem.rename(tmp_path / "keys" / f"{number}.txt")
    put(tmp_path, "how.md", "It looks so:\n-----BEGIN PRIVATE KEY-----\nMC4CAQAw...\n-----END PRIVATE KEY-----\n")
    source = FolderSource(tmp_path)
    reason = "it holds a private key (line {}): take it out, or name it in example-keys (vademecum.toml)"
    found = {"keys/0.txt": 1, "keys/1.txt": 1, "note0.txt": 2, "note1.txt": 2}
    assert skipped(source) == {key: reason.format(line) for key, line in found.items()}
    assert keys(tmp_path) == ["a.md", "how.md"]
    named = FolderSource(tmp_path, example_keys=["note*.txt", "!note1.txt"])
    assert {item.key for item in named.scan() if isinstance(item, SourceItem)} == {"a.md", "how.md", "note0.txt"}
    assert skipped(FolderSource(tmp_path, example_keys=["!a.md"])).keys() == found.keys()


def test_asc_is_asciidoc_unless_it_is_pgps(tmp_path: Path) -> None:
    put(tmp_path, "ch01.asc", "= Pump\n")
    put(tmp_path, "a.tar.asc", "-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n")
    assert keys(tmp_path) == ["ch01.asc"]
    assert skipped(FolderSource(tmp_path)) == {"a.tar.asc": "a signature or a key of PGP: no document"}


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("guid/**", ["the pattern guid/** matches no file; did you mean guide?"]),
        ("setup/*.md", ["the pattern setup/*.md matches no file"]),
        ("!guide/interal/", ["the pattern !guide/interal/ matches no file; did you mean internal?"]),
        ("!drafts/", []),  # may wait for its first file
        ("guide/*.md", []),
        ("!guide/internal/", []),
    ],
)
def test_a_pattern_that_matches_nothing_is_told_where_it_may_be_misspelt(
    pattern: str, told: Sequence[str], tmp_path: Path
) -> None:
    """What was asked for would be missing, and what was to be left out would be published."""
    put(tmp_path, "guide/keys.md")
    put(tmp_path, "guide/internal/costs.md")
    put(tmp_path, "readme.md")
    assert FolderSource(tmp_path, ["*.md", pattern]).changes(None).warnings == told


def test_a_pointer_of_git_lfs_is_no_document(tmp_path: Path) -> None:
    put(tmp_path, "a.md")
    put(tmp_path, "large.md", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    assert "git lfs pull" in skipped(FolderSource(tmp_path))["large.md"]


def test_a_submodule_that_was_not_fetched_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    put(
        tmp_path,
        ".gitmodules",
        '[submodule "a"]\n\tpath = docs/a\n\turl = ../a\n[submodule "b"]\n\tpath = "docs/b c"\n',
    )
    put(tmp_path, "docs/a.md")
    put(tmp_path, "docs/b c/here.md")
    for name in ("a", "empty"):
        (tmp_path / "docs" / name).mkdir()
    told = "a submodule that is not here: `git submodule update --init` brings it"
    assert skipped(FolderSource(tmp_path / "docs")) == {"a/": told}
    (tmp_path / "docs/b c/here.md").unlink()
    assert skipped(FolderSource(tmp_path)) == {"docs/a/": told, "docs/b c/": told}
    (tmp_path / ".git").rmdir()
    assert skipped(FolderSource(tmp_path)) == {}


BODY = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
LONG = "\n".join([BODY] * 3)
PEM = f"-----BEGIN PRIVATE KEY-----\n{LONG}\n-----END PRIVATE KEY-----"
FILLER = b"".join(hashlib.sha512(bytes([n])).digest() for n in range(20))


def der(begins: str, length: int) -> str:
    """Return the Base64 of so many bytes that begin so."""
    return b64encode((bytes.fromhex(begins) + FILLER)[:length]).decode()


BARE = {
    "SEC 1, the smallest": der("30770201010410", 0x79),
    "SEC 1, the largest": der("3081dc0201010442", 0xDF),
    "PKCS 1": der("308204a30201000282", 0x4A7),
    "PKCS 1, the smallest": der("3082013b0201000240", 0x13F),
    "PKCS 8 of RSA": der("308204be020100300d06", 0x4C2),
}
SHAPES = {
    **BARE,
    "typed": f"‐‑‒− BEGIN\u00a0PRI\u00adV\u200bA\u2060T\ufeffE\u202fKEY –―\n{LONG}\n",
    "plain": PEM,
    "indented": PEM.replace("\n", "\n    "),
    "list": "- " + PEM.replace("\n", "\n  "),
    "bullets": PEM.replace("\n", "\n* "),
    "quoted": "> " + PEM.replace("\n", "\n> "),
    "comment": PEM.replace("\n", "\n# "),
    "service account": '{"private_key": "' + PEM.replace("\n", "\\n") + '\\n"}',
    "escaped twice": PEM.replace("\n", "\\\\n"),
    "unicode escape": PEM.replace("\n", "\\u000a"),
    "variable": 'KEY="' + PEM.replace("\n", "\\n") + '"',
    "strings": PEM.replace("\n", '" +\n "'),
    "continued": PEM.replace("\n", "\\\n"),
    "breaks": PEM.replace("\n", "<br>\n"),
    "tags": PEM.replace("\n", "</span><br /><span class='x'>"),
    "table": PEM.replace("\n", " | "),
    "one line": PEM.replace("\n", " "),
    "address": PEM.replace("\n", "%0A"),
    "entities": PEM.replace("\n", "&#10;"),
    "encrypted": PEM.replace(
        "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n", 1
    ),
    "pgp": f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 2\n\n{LONG}\n=njUN\n-----END PGP PRIVATE KEY BLOCK-----",
    "ssh": PEM.replace("PRIVATE", "OPENSSH PRIVATE"),
    "ssh2": f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{LONG}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    "cut off": PEM[:-30],
    "hyphens as entities": PEM.replace("-", "&#45;"),
    "soft hyphens": PEM.replace("PRIVATE", "PRIV&shy;ATE").replace("\n", "<br>\n"),
    "smart dashes": PEM.replace("-----", "—"),
    "an address whole": quote(PEM),
    "hyphens as JSON escapes": PEM.replace("-", "\\u002d").replace("\n", "\\n"),
    "in a manual page": PEM.replace("-", "\\-"),
    "of PuTTY": f"Private-Lines: 1\r\n{LONG[:48]}\r\nPrivate-MAC: {'ab' * 32}",
    "of PuTTY, in a list": f"Private-Lines: 1<br>\n   {LONG[:48]}",
    "of PuTTY, in one line of HTML": f"Private-Lines: 1<br>{LONG[:48]}<br>",
    "of openssl": f"privateExponent:\n    {'ab:' * 15}\n    {'0c:' * 15}",
    "of .NET": f"<RSAKeyValue><Exponent>AQAB</Exponent><D>{'q7' * 40}</D></RSAKeyValue>",
    "in short lines": PEM.replace(LONG, "\n".join(BODY[n : n + 12] for n in range(0, 64, 12))),
    "in words of eight": PEM.replace(LONG, " ".join(BODY[n : n + 8] for n in range(0, 64, 8))),
    "without marks": f"privateKey={BODY}",
    "without marks, in JSON": f'{{"key": "{BODY}"}}',
    "without marks, of OpenSSH": "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQy\n"
    + "\n".join([BODY] * 5),
    "of one letter": PEM.replace(LONG, "A" * 64),
    "highlighted": PEM.replace("BEGIN ", "<b class='k'>BEGIN</b>\t").replace("KEY-", "KEY</b><i>-"),
    "where lines may break": PEM.replace(LONG, "<wbr>".join(LONG[n : n + 10] for n in range(0, 190, 10))),
    "in capitals and not": PEM.replace("BEGIN PRIVATE KEY", "Begin Private  Key"),
    "an address in an address": quote(quote(PEM, safe=""), safe=""),
    "a form": quote_plus(PEM),
    "hexadecimal escapes": PEM.replace("-", "\\x2d").replace("\n", "\\x0a"),
    "a value of an attribute": f'<key value="{PEM}"/>',
    "a secret of Kubernetes": f"tls.key: {b64encode(PEM.encode()).decode()}",
    "a secret of Kubernetes, in lines": f"tls.key: {encodebytes(PEM.encode()).decode()}",
    "a secret of Kubernetes, quoted": "> " + encodebytes(PEM.encode()).decode().replace("\n", "\n> "),
    "a secret of Kubernetes, as strings": "'" + encodebytes(PEM.encode()).decode().replace("\n", "' +\n'"),
    "a secret with a blank line before": b64encode(f"\n{PEM}".encode()).decode(),
    "a secret with attributes before": b64encode(f"Bag Attributes\n    localKeyID: 01\n{PEM}".encode()).decode(),
    "a short one, for addresses": urlsafe_b64encode(PEM.replace(LONG, BODY).encode()).decode(),
    "after parameters": b64encode(
        f"-----BEGIN EC PARAMETERS-----\nBgg=\n-----END EC PARAMETERS-----\n{PEM}".encode()
    ).decode(),
    "of age": "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" + "QPZRY9X8GF2TVDW0S3JN54KHCE",
    "JWK": '{"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAY"}',
    "JWK in YAML": "d: nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\ncrv: Ed25519\nkty: OKP",
    "JWK in a program": '{ kty: "EC", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }',
    "JWK in HTML": escape('{"kty": "OKP", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}'),
    "JWK, in a text of JSON": '{\\"d\\":\\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\\",\\"kty\\":\\"EC\\"}',
}


@pytest.mark.fault("E66")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_private_key_is_found_however_it_is_written(shape: str) -> None:
    assert private_key_line(f"# Setup\n\n{SHAPES[shape]}\n".encode()) == 3


def test_a_key_without_its_first_line_is_found_by_its_last() -> None:
    assert private_key_line(PEM.partition("\n")[2].encode()) == 4
    assert private_key_line(f"{PEM[-120:-24]}Kx==\n{PEM[-24:]}".encode()) > 0, "the last line may be short"
    assert private_key_line((PEM.partition("\n")[2] + "And so on.\n" * 999).encode()) == 4
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        assert private_key_line(PEM.encode(encoding)) == 1


def test_what_only_speaks_of_keys_is_text() -> None:
    said = (
        "A file that begins with -----BEGIN PRIVATE KEY----- is one. It lies in /home/Me/projects2/Keys/release.pem, "
        "and nothing in it may be shown: whoever reads it can sign releases of yours, until you revoke it.\n"
    )
    checked = f"Its digest is {'ab' * 32}. It ends with -----END PRIVATE KEY-----.\n"
    public = PEM.replace("PRIVATE", "PUBLIC").replace("MC4CAQAw", "MCowBQYD")
    shown = (
        "tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t...\ntls.key: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=\n",
        b64encode(public.encode()).decode(),
        "AGE-SECRET-KEY-1... is for you, age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p for others",
        '{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "..."}',
        "kty: OKP\nx: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\nd: yours",
        f"{BODY[:44]}... and so on, for as many lines as your key has of them",
        # A public key, and a request for a certificate.
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + BODY * 6,
        "MIICijCCAXICAQAwRTELMAkGA1UEBhMCQVUxEzARBgNVBAgMClNvbWUtU3RhdGUx" + BODY * 9,
        b64encode(b"It begins with -----BEGIN PRIVATE KEY-----, and whoever has it signs.").decode(),
    )
    cut = (key[:-4] for key in BARE.values())
    others = (der("3077020101040f", 0x79), der("3081dc0201010443", 0xDF), der("3082013b020100023f", 0x13F))
    for text in (said, checked, PEM.replace(LONG, "MC4CAQAw..."), public, *shown, *cut, *others):
        assert private_key_line(text.encode()) == 0


def test_a_text_without_a_word_of_keys_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_keys, "_TAG", None)
    assert private_key_line(b"A manual of pumps, their keys and what they unlock.") == 0


def test_many_beginnings_of_keys_take_no_time() -> None:
    marks = (b"-----BEGIN PRIVATE KEY-----\n", b"-----END PRIVATE KEY-----\n")
    for mark in (*marks, b"MC4CAQAw ", b64encode(b"PRIVATE KEY") + b"\n", b"kty: RSA\n", b"d: " + b"x" * 43 + b"\nkty"):
        assert private_key_line(mark * 4_000) == 0


@pytest.mark.parametrize("begins", ["Private-Lines: 1", "-----BEGIN PRIVATE KEY-----"])
@pytest.mark.parametrize("row", ["\\", "\\\\n", "\\\\r\\\\n"])
def test_a_row_of_backslashes_takes_no_time(begins: str, row: str) -> None:
    assert private_key_line(f"{begins}{row * 50_000} x".encode()) == 0


def test_an_unreadable_gitignore_stops_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, ".gitignore", "secret.md\n")
    put(tmp_path, "secret.md")
    refuse(monkeypatch, "read_text", tmp_path / ".gitignore")
    with pytest.raises(UsageError, match=r"\.gitignore: cannot be read \(Permission denied\)"):
        list(FolderSource(tmp_path).scan())


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([], ["a.md", "drafts/d.md", "guide/b.md", "guide/drafts/c.md"]),
        (["guide/**"], ["guide/b.md", "guide/drafts/c.md"]),
        (["!drafts/"], ["a.md", "guide/b.md"]),
        (["!/drafts/**"], ["a.md", "guide/b.md", "guide/drafts/c.md"]),
        (["guide/", "!guide/drafts/"], ["guide/b.md"]),
        (["!guide/drafts/", "guide/"], ["guide/b.md", "guide/drafts/c.md"]),
        (["*.md", "!guide", "c.md"], ["a.md", "drafts/d.md", "guide/drafts/c.md"]),
    ],
)
def test_patterns_include_and_exclude_and_the_last_decides(
    tmp_path: Path, patterns: list[str], expected: list[str]
) -> None:
    for name in ("a.md", "guide/b.md", "guide/drafts/c.md", "drafts/d.md"):
        put(tmp_path, name)
    assert keys(tmp_path, patterns) == expected


def test_a_malformed_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pattern '!' is malformed"):
        FolderSource(tmp_path, ["!"])


def test_the_output_folder_can_be_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.md")
    put(tmp_path, "dist/index.html")
    (tmp_path / "alias").symlink_to("dist")
    source = FolderSource(tmp_path, leave_out=[tmp_path / "dist"])
    assert [item.key for item in source.scan()] == ["a.md"]


def test_links_inside_the_folder_are_followed(tmp_path: Path) -> None:
    put(tmp_path, "a/x.md", "one")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c.md").symlink_to("a/x.md")
    assert [(item.key, item.target) for item in FolderSource(tmp_path).scan() if isinstance(item, SourceItem)] == [
        ("a/x.md", ""),
        ("b/x.md", "a/x.md"),
        ("c.md", "a/x.md"),
    ]


def test_links_that_lead_out_loop_or_dangle_are_skipped(tmp_path: Path) -> None:
    root = tmp_path / "docs"
    put(root, "a/x.md")
    put(tmp_path, "docs2/secret.md")
    (root / "a/up").symlink_to("..")
    (root / "a/again").symlink_to("../a")
    (root / "out").symlink_to("../docs2")
    (root / "out.md").symlink_to("../docs2/secret.md")
    (root / "self.md").symlink_to("self.md")
    (root / "gone.md").symlink_to("nowhere.md")
    (root / "gone.png").symlink_to("nowhere.png")
    source = FolderSource(root)
    assert [item.key for item in source.scan() if isinstance(item, SourceItem)] == ["a/x.md"]
    assert skipped(source) == {
        "a/up/": "a symbolic link to a folder that it lies in",
        "a/again/": "a symbolic link to a folder that it lies in",
        "out/": "a symbolic link that leads out of the folder",
        "out.md": "a symbolic link that leads out of the folder",
        "self.md": "cannot be read: Too many levels of symbolic links",
        "gone.md": "a symbolic link to nothing",
    }


def test_a_link_to_a_file_of_the_same_repository_is_followed(tmp_path: Path) -> None:
    root = tmp_path / "docs"
    put(root, "a.md")
    put(tmp_path, "README.md")
    put(tmp_path, ".private/b.md")
    (tmp_path / ".git").mkdir()
    (root / "index.md").symlink_to("../README.md")
    (root / "b.md").symlink_to("../.private/b.md")
    (root / "all").symlink_to("..")
    assert [item.key for item in FolderSource(root).scan() if isinstance(item, SourceItem)] == ["a.md", "index.md"]
    assert set(skipped(FolderSource(root))) == {"all/", "b.md"}


@pytest.mark.parametrize("folder", ["docs", "."])
def test_no_link_leads_to_what_git_ignores(folder: str, tmp_path: Path) -> None:
    put(tmp_path, ".gitignore", "/secrets/\n/docs/local.md\n")
    put(tmp_path, "secrets/plan.md")
    put(tmp_path, "docs/.gitignore", "/own/hidden.md\n")
    for name in ("local.md", "own/a.md", "own/hidden.md"):
        put(tmp_path / "docs", name)
    (tmp_path / ".git").mkdir()
    for name, target in {"plan.md": "../secrets/plan.md", "here.md": "local.md", "linked": "own"}.items():
        (tmp_path / "docs" / name).symlink_to(target)
    source = FolderSource(tmp_path / folder)
    found = [item.key.removeprefix("docs/") for item in source.scan() if isinstance(item, SourceItem)]
    assert found == ["linked/a.md", "own/a.md"]
    assert source.changes(None).left_out["files that .gitignore names"] >= 4


def test_a_folder_that_git_ignores_and_the_user_named_has_links_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, ".gitignore", "docs/\n")
    put(tmp_path, "docs/a.md")
    (tmp_path / ".git").mkdir()
    (tmp_path / "docs/b.md").symlink_to("a.md")
    assert keys(tmp_path / "docs") == ["a.md", "b.md"]


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path, "docs/a.md")
    (tmp_path / "link").symlink_to("docs")
    assert keys(tmp_path / "link") == ["a.md"]


def test_binary_and_undecodable_files_are_skipped_and_the_rest_is_read(tmp_path: Path) -> None:
    put(tmp_path, "ok.md", "fine")
    put(tmp_path, "nul.md", b"a\0b")
    put(tmp_path, "png.md", b"\x89PNG\r\n\x1a\n\0\0")
    put(tmp_path, "junk.md", bytes(range(128, 256)))
    put(tmp_path, "odd.md", b"\xff\xfea")
    source = FolderSource(tmp_path)
    assert [item.key for item in source.scan() if isinstance(item, SourceItem)] == ["ok.md"]
    reasons = skipped(source)
    assert reasons.keys() == {"nul.md", "png.md", "junk.md", "odd.md"}
    assert "binary" in reasons["nul.md"]
    assert "binary" in reasons["png.md"]
    assert "save it as UTF-8" in reasons["junk.md"]
    assert "as its first bytes say" in reasons["odd.md"]


def test_a_file_over_the_limit_is_skipped_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "ok.md", "x" * 1000)
    with put(tmp_path, "big.md").open("wb") as stream:
        stream.truncate(50_000_000)  # sparse
    refuse(monkeypatch, "open", tmp_path / "big.md")
    source = FolderSource(tmp_path)
    assert skipped(source) == {"big.md": "larger than the limit of 16 MiB (47.7 MiB): split it"}
    assert [item.key for item in source.scan() if isinstance(item, SourceItem)] == ["ok.md"]
    assert skipped(FolderSource(tmp_path, max_bytes=1000)).keys() == {"big.md"}
    for name, size in (("a.pdf", 17), ("b.pdf", 65)):
        with put(tmp_path, name).open("wb") as stream:
            stream.truncate(size << 20)
    assert skipped(source)["b.pdf"] == "larger than the limit of 64 MiB (65.0 MiB): split it"
    assert [item.key for item in source.scan() if isinstance(item, SourceItem)] == ["a.pdf", "ok.md"]


def test_a_file_that_grows_while_it_is_read_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "ok.md")
    big = put(tmp_path, "grows.md", "x" * 11)
    small = (tmp_path / "ok.md").stat()
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda self, **options: small if self == big else stat(self, **options))
    assert skipped(FolderSource(tmp_path, max_bytes=10)).keys() == {"grows.md"}


def test_unreadable_files_and_folders_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ok.md", "closed.md", "closed/x.md"):
        put(tmp_path, name)
    refuse(monkeypatch, "open", tmp_path / "closed.md")
    refuse(monkeypatch, "iterdir", tmp_path / "closed")
    for name in ("pyvenv.cfg", "metadata/timestamp.json"):
        refuse(monkeypatch, "is_file", tmp_path / "closed" / name)
    assert skipped(FolderSource(tmp_path)) == {
        "closed.md": "cannot be read: Permission denied",
        "closed/": "cannot be read: Permission denied",
    }


def test_a_pipe_with_the_name_of_a_document_is_skipped(tmp_path: Path) -> None:
    put(tmp_path, "ok.md")
    os.mkfifo(tmp_path / "pipe.md")
    assert skipped(FolderSource(tmp_path)) == {"pipe.md": "not a regular file"}


def test_names_that_are_not_utf8_or_hold_control_characters_are_skipped(tmp_path: Path) -> None:
    put(tmp_path, "ok.md")
    for name in (b"caf\xe9.md", b"a\nb.md", b"us\x1f.md"):
        put(tmp_path, os.fsdecode(name))
    reasons = skipped(FolderSource(tmp_path))
    assert reasons.keys() == {"caf\\xe9.md", "a\\nb.md", "us\\x1f.md"}
    assert all("rename it" in reason for reason in reasons.values())


def test_folders_nested_too_deeply_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_DEPTH", 2)
    for name in ("ok.md", "1/ok.md", "1/2/ok.md", "1/2/3/no.md"):
        put(tmp_path, name)
    assert keys(tmp_path) == ["1/2/ok.md", "1/ok.md", "ok.md"]
    assert skipped(FolderSource(tmp_path)) == {"1/2/3/": "folders are nested deeper than 2"}


def test_no_folder_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"docs: no such folder; run what makes it, or name the folder"):
        FolderSource(tmp_path / "docs").scan()
    (tmp_path / "Handbook" / "new").mkdir(parents=True)
    for name, said in {
        "handbok": "; did you mean Handbook?",
        "Handbook\\new": "; write / between",
        "Handbook\new": "; write / between",
    }.items():
        with pytest.raises(UsageError, match=f"no such folder{said}"):
            FolderSource(tmp_path / name).scan()
    with pytest.raises(UsageError, match=r"a\.md: is a file, not a folder"):
        FolderSource(put(tmp_path, "a.md")).scan()


def test_a_folder_without_documents_is_an_error_at_the_end(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no document in this folder; add \.md, "):
        list(FolderSource(tmp_path).scan())
    put(tmp_path, "a.md")
    with pytest.raises(UsageError, match=r"that the patterns take \(!\*\.md\)"):
        list(FolderSource(tmp_path, ["!*.md"]).scan())
    put(tmp_path, "a.md", b"\0")
    with pytest.raises(UsageError, match=r"no readable document .* 1 skipped, the first is a\.md \(binary"):
        list(FolderSource(tmp_path).scan())


def refuse(monkeypatch: pytest.MonkeyPatch, method: str, path: Path) -> None:
    """Let one method of one path fail as it does without permission (tests may run as root)."""
    original = getattr(Path, method)

    def refusing(self: Path, *args: object, **options: object) -> object:
        if self == path:
            raise PermissionError(13, "Permission denied")
        return original(self, *args, **options)

    monkeypatch.setattr(Path, method, refusing)


@pytest.mark.parametrize(
    "change",
    [lambda path: path.write_text(""), lambda path: path.write_text("news"), Path.unlink],
    ids=["emptied", "written", "gone"],
)
@pytest.mark.parametrize("at", ["a.md", "b.md"])
def test_what_is_written_while_the_folder_is_read_is_told(
    tmp_path: Path, at: str, change: Callable[[Path], object]
) -> None:
    """A generator that renders anew empties each page before it writes it."""
    for name in ("a.md", "b.md"):
        put(tmp_path, name)
    changes = FolderSource(tmp_path).changes(None)
    assert isinstance(next(changes.entries), SourceItem), "a.md; by now both were listed"
    change(tmp_path / at)
    [*rest] = changes.entries
    gone = [one.reason for one in rest if isinstance(one, Skipped)]
    if gone:
        assert (at, gone, changes.warnings) == ("b.md", ["cannot be read: No such file or directory"], [])
    else:
        assert [told.partition(":")[0] for told in changes.warnings] == [
            f"1 of 2 files changed while the folder was read, the first is {at}"
        ]


def test_a_folder_that_nobody_writes_to_has_nothing_to_tell(tmp_path: Path) -> None:
    put(tmp_path, "deep/a.md")
    changes = FolderSource(tmp_path).changes(None)
    assert ([one.key for one in changes.entries], changes.warnings) == (["deep/a.md"], [])  # type: ignore[union-attr]
