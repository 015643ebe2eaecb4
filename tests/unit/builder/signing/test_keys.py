"""Keys and root metadata: made once, renewed, rotated; and what a build and a client make of them."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root

from support.publishing import HANDBOOK, NOW, Line, ask, pull, pulled, tree_of
from vademecum.errors import ContentError, ExpiredError, SignatureError, StorageError, UsageError
from vademecum.format.json import parse_object
from vademecum.runtime.folder import FolderTransport
from vademecum.trust import channel
from vademecum.trust.channel import ReleasePointer
from vademecum.trust.metadata import Trust
from vademecum_builder.request import BuildRequest
from vademecum_builder.signing.defaults import UNUSED, Validity
from vademecum_builder.signing.keyring import Keys
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE, ROOT_KEY, load_authority, load_roots
from vademecum_builder.signing.metadata import Versions, sign_release, signed_bytes
from vademecum_builder.signing.root import new_keys, renew_root

CHANNELS = {"stable": channel.Line(ReleasePointer(1, "releases/1.json", "ab" * 32, 7, "one"))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_keys(tmp_path / "keys", NOW)
    return tmp_path / "keys"


def test_a_key_is_in_no_log() -> None:
    request = BuildRequest(source=Path("docs"), out=Path("site"), signing_key="heron")
    assert "heron" not in f"{request!r} {Keys({}, Path('release.pem'), 'heron')!r}"


def test_new_keys_are_for_the_owner_alone_and_the_root_is_public(folder: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes[ROOT_KEY] == modes[RELEASE_KEY] == 0o600
    assert set(modes) == {ROOT_KEY, RELEASE_KEY, ROOT_FILE, UNUSED, ".gitignore"}
    assert (folder / ".gitignore").read_text() == "*.pem\nunused\n", "git takes the root, and no key"
    assert b"PRIVATE" not in (folder / ROOT_FILE).read_bytes()


def test_a_gitignore_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("site/\n")
    new_keys(tmp_path, NOW)
    assert (tmp_path / ".gitignore").read_text() == "site/\n"


@pytest.mark.parametrize("name", [ROOT_KEY, RELEASE_KEY, ROOT_FILE])
def test_keys_are_never_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match=f"{name} is there already"):
        new_keys(tmp_path, NOW)
    assert tree_of(tmp_path) == {name: b"mine"}


def test_keys_in_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write keys"):
        new_keys(tmp_path / "file" / "keys", NOW)


@pytest.mark.fault("C34")
@pytest.mark.parametrize("room", range(3))
def test_keys_for_which_the_disk_has_no_room_are_not_in_the_way_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """The two keys are synced, then the root."""
    synced, sync = 0, os.fsync

    def full(descriptor: int) -> None:
        nonlocal synced
        if synced == room:
            raise OSError(errno.ENOSPC, "No space left on device")
        synced += 1
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="cannot write keys: No space"):
            new_keys(tmp_path, NOW)
    assert not {*tree_of(tmp_path)} & {ROOT_KEY, RELEASE_KEY, ROOT_FILE}
    new_keys(tmp_path, NOW)
    assert load_roots(tmp_path / ROOT_FILE)


def test_keys_are_unused_where_they_were_made_and_nothing_else_may_have_signed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY)
    assert keys.unused
    assert not replace(keys, signing_key="a PEM").unused, "whoever has it may have used it elsewhere"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not keys.unused, "the mark could not have been taken away"


def test_a_root_key_that_is_lost_is_not_made_anew(folder: Path) -> None:
    (folder / ROOT_KEY).unlink()
    with pytest.raises(UsageError, match=r"root\.pem: cannot read the root key.*one that is lost has no substitute"):
        renew_root(folder, NOW)


@pytest.mark.parametrize("name", [ROOT_FILE, f"1.{ROOT_FILE}"])
def test_which_root_is_damaged_is_told(folder: Path, name: str) -> None:
    renew_root(folder, NOW)
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    with pytest.raises(ContentError, match=f"{folder / name}: not the JSON"):
        load_roots(folder / ROOT_FILE)


@pytest.mark.parametrize("at", [ROOT_KEY, RELEASE_KEY])
def test_keys_that_another_process_has_just_made_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    def raced(root: Root, *signers: CryptoSigner) -> bytes:
        (tmp_path / at).write_text("another's")
        return signed_bytes(root, *signers)

    monkeypatch.setattr("vademecum_builder.signing.root.signed_bytes", raced)
    with pytest.raises(StorageError, match="cannot write keys: File exists"):
        new_keys(tmp_path, NOW)
    assert {*tree_of(tmp_path)} - {".gitignore"} == {at}
    assert (tmp_path / at).read_text() == "another's"


def test_the_key_of_the_file_and_of_the_environment_sign_alike(folder: Path) -> None:
    roots = load_roots(folder / ROOT_FILE)
    pem = (folder / RELEASE_KEY).read_text()
    from_file = load_authority(roots, folder / RELEASE_KEY, {}, NOW)
    from_environment = load_authority(roots, Path("nowhere"), {KEY_VARIABLE: f"\n{pem}\n"}, NOW)
    signed = [
        sign_release(one.signer, Versions(), CHANNELS, None, NOW, Validity()) for one in (from_file, from_environment)
    ]
    assert signed[0] == signed[1]
    assert list(signed[0]) == ["metadata/1.targets.json", "metadata/1.snapshot.json", "metadata/timestamp.json"]


def test_the_environment_goes_before_the_file(folder: Path, tmp_path: Path) -> None:
    new_keys(tmp_path / "other", NOW)
    other = (tmp_path / "other" / RELEASE_KEY).read_text()
    with pytest.raises(SignatureError, match=r"not one that the root metadata names"):
        load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {KEY_VARIABLE: other}, NOW)


def test_a_wrong_key_is_refused(folder: Path, tmp_path: Path) -> None:
    new_keys(tmp_path / "other", NOW)
    with pytest.raises(SignatureError, match=r"use the key that belongs to this root\.json"):
        load_authority(load_roots(folder / ROOT_FILE), tmp_path / "other" / RELEASE_KEY, {}, NOW)


def test_so_many_root_keys_have_to_sign_and_lie_beside_each_other_then(tmp_path: Path) -> None:
    folder = tmp_path / "several"
    new_keys(folder, NOW, root_keys=3, threshold=2)
    before = (folder / ROOT_FILE).read_bytes()
    assert sorted(path.name for path in folder.glob("root-*")) == ["root-1.pem", "root-2.pem", "root-3.pem"]
    assert len(parse_object(before, "root")["signatures"]) == 3
    (folder / "root-2.pem").rename(tmp_path / "elsewhere.pem")
    (folder / "root-3.pem").unlink()
    with pytest.raises(SignatureError, match="holds 1 of the 2 root keys that have to sign"):
        renew_root(folder, NOW, rotate=True)
    assert (folder / ROOT_FILE).read_bytes() == before
    (tmp_path / "elsewhere.pem").rename(folder / "root-2.pem")
    assert renew_root(folder, NOW, rotate=True) == 2
    trust = Trust(before, NOW)
    trust.accept_root((folder / ROOT_FILE).read_bytes())
    assert trust.root_version == 2
    assert load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW).root_version == 2
    new_keys(tmp_path / "other", NOW, root_keys=2)
    shutil.copy(tmp_path / "other" / "root-1.pem", folder / "root-9.pem")
    with pytest.raises(SignatureError, match=r"root-9\.pem is not a key that"):
        renew_root(folder, NOW)


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (1, 2), (3, 0), (3, 4), (10, 2), (-1, -1)])
def test_a_threshold_that_cannot_be_reached(tmp_path: Path, count: int, threshold: int) -> None:
    with pytest.raises(UsageError, match="root keys cannot be"):
        new_keys(tmp_path / "keys", NOW, root_keys=count, threshold=threshold)
    assert not (tmp_path / "keys").exists()


def test_an_expired_root_signs_nothing(folder: Path) -> None:
    roots = load_roots(folder / ROOT_FILE)
    end = NOW + Validity().root
    assert load_authority(roots, folder / RELEASE_KEY, {}, end - timedelta(seconds=1)).root_version == 1
    with pytest.raises(ExpiredError, match="vade keys renew"):
        load_authority(roots, folder / RELEASE_KEY, {}, end)


SECRETS = ("s3cr3t-garbage", "awskms:s3cr3t", "file:/s3cr3t", "-----BEGIN PRIVATE KEY-----\ns3cr3t\n", "vault:s3cr3t")


@pytest.mark.parametrize("value", SECRETS)
def test_a_garbage_key_is_never_repeated(folder: Path, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {KEY_VARIABLE: value}, NOW)
    error: BaseException | None = caught.value
    assert KEY_VARIABLE in str(error)
    while error is not None:
        assert "s3cr3t" not in str(error)
        error = error.__cause__


ODD_OID = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2R6BCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
"""An ed25519 key with another algorithm's number: `cryptography` raises UnsupportedAlgorithm."""


def test_nothing_that_is_printed_shows_a_key(folder: Path) -> None:
    authority = load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW)
    secret = "".join((folder / RELEASE_KEY).read_text().splitlines()[1:-1])
    assert secret[-40:] not in f"{authority!r} {authority} {authority.signer!r} {vars(authority)!r}"


def test_a_root_that_names_keys_which_it_does_not_hold(folder: Path) -> None:
    metadata = Metadata[Root].from_file(str(folder / ROOT_FILE))
    root = metadata.signed
    for keyid in root.roles["targets"].keyids:
        del root.keys[keyid]
    metadata.sign(CryptoSigner.from_priv_key_uri(f"file2:{folder / ROOT_KEY}", root.keys[root.roles["root"].keyids[0]]))
    with pytest.raises(ContentError, match="holds none of the keys that it names for targets"):
        load_authority({1: metadata.to_bytes()}, folder / RELEASE_KEY, {}, NOW)


def test_a_key_file_that_is_missing(folder: Path) -> None:
    (folder / RELEASE_KEY).unlink()
    with pytest.raises(UsageError, match=f"{RELEASE_KEY}: cannot read the release key"):
        load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda key: b"\n", "empty"),
        (lambda key: b"not a key", "not a PEM"),
        (lambda key: pem(key).decode().encode("utf-16"), "the encoding is not UTF-8"),
        (lambda key: pem(key)[:-30], "cut off or damaged"),
        (lambda key: ODD_OID, "cut off or damaged"),
        (lambda key: pem(key, BestAvailableEncryption(b"heron")), "has a passphrase.*take it off"),
        (
            lambda key: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "a public key.*the private key is wanted",
        ),
        (lambda key: key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), "a key for SSH"),
    ],
    ids=["empty", "text", "UTF-16", "cut", "odd", "passphrase", "public", "SSH"],
)
def test_a_key_file_that_is_none_says_what_it_is(
    folder: Path, made: Callable[[Ed25519PrivateKey], bytes], told: str
) -> None:
    (folder / RELEASE_KEY).write_bytes(made(Ed25519PrivateKey.generate()))
    with pytest.raises(UsageError, match=f"{RELEASE_KEY}: .*{told}"):
        load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW)


@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf", b'  "'], ids=["nothing", "a byte order mark", "a quote"])
def test_what_an_editor_makes_of_a_key_file_is_still_that_key(folder: Path, begin: bytes) -> None:
    key = (folder / RELEASE_KEY).read_bytes()
    (folder / RELEASE_KEY).write_bytes(begin + key.replace(b"\n", b"\r\n"))
    assert load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW).root_version == 1


def pem(key: Ed25519PrivateKey, encryption: KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def test_a_key_of_another_kind(folder: Path) -> None:
    key = generate_private_key(SECP256R1())
    value = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(UsageError, match="expected an ed25519 key"):
        load_authority(load_roots(folder / ROOT_FILE), Path(), {KEY_VARIABLE: value}, NOW)


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"signed": {}, "signatures": []}'])
def test_a_root_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ROOT_FILE).write_bytes(content)
    with pytest.raises(ContentError):
        load_roots(tmp_path / ROOT_FILE)
    with pytest.raises(UsageError, match="cannot read root metadata"):
        load_roots(tmp_path / "missing.json")


def test_metadata_of_another_role_are_no_root(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    with pytest.raises(ContentError, match="timestamp metadata, not root"):
        load_roots(line.out / "metadata" / "timestamp.json")


def test_a_root_that_its_own_key_did_not_sign(folder: Path) -> None:
    data = (folder / ROOT_FILE).read_bytes().replace(b'"version":1', b'"version":2')
    (folder / ROOT_FILE).write_bytes(data)
    with pytest.raises(ContentError, match="not self-signed"):
        load_roots(folder / ROOT_FILE)


@pytest.mark.parametrize("rotate", [False, True])
def test_a_renewed_root_reaches_a_client_that_was_shipped_the_old_one(tmp_path: Path, rotate: bool) -> None:
    line = Line(tmp_path)
    line.release(HANDBOOK)
    store, shipped = pulled(line), line.root
    old_key = (line.keys / RELEASE_KEY).read_bytes()
    line.later(days=400)

    assert renew_root(line.keys, line.now, rotate=rotate) == 2
    assert ((line.keys / RELEASE_KEY).read_bytes() != old_key) is rotate
    assert sorted(load_roots(line.keys / ROOT_FILE)) == [1, 2]
    assert stat.S_IMODE((line.keys / RELEASE_KEY).stat().st_mode) == 0o600

    report = line.release({**HANDBOOK, "new.md": "# New\n\nA page about lanterns.\n"})
    # What the old key has signed is believed no more: all is read anew.
    assert (report.sequence, report.added) == (2, len(HANDBOOK) + 1 if rotate else 1)
    assert {"metadata/1.root.json", "metadata/2.root.json"} <= tree_of(line.out).keys()
    for client in (store, pulled(line)):
        pull(client, FolderTransport(line.out), shipped, line.now)
        assert ask(client, "lanterns")[0].document == "new.md"


def test_a_planned_rotation_costs_no_client_a_whole_download(tmp_path: Path) -> None:
    """The new key signs beside the old one first: nothing that was signed by either is revoked."""
    line = Line(tmp_path)
    line.release(HANDBOOK)
    store, shipped, pages = pulled(line), line.root, dict(HANDBOOK)
    for number, (overlap, retire) in enumerate(((True, False), (False, True), (False, False))):
        if overlap or retire:
            renew_root(line.keys, line.now, overlap=overlap, retire=retire)
        line.later(days=2)
        pages[f"{number}.md"] = f"# Page {number}\n\nA page about lanterns.\n"
        report = line.release(pages)
        assert (report.added, report.embedded) == (1, 1)
        assert pull(store, FolderTransport(line.out), shipped, line.now).plan != "full"
    assert load_authority(load_roots(line.keys / ROOT_FILE), line.keys / RELEASE_KEY, {}, NOW).root_version == 3
    with pytest.raises(SignatureError):
        load_authority(load_roots(line.keys / ROOT_FILE), line.keys / f"1.{RELEASE_KEY}", {}, NOW)


@pytest.mark.parametrize("step", ["rotate", "overlap", "retire", ""])
def test_what_replaces_a_key_lies_on_the_disk_first(folder: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut leaves no file empty, and no new root without the key that it names."""
    done: list[str] = []

    def noted(what: str, name: str) -> Any:
        real = getattr(Path, name)

        def call(path: Path, target: Path) -> Path:
            result = real(path, target)
            done.append(f"{what} {target.name}")
            return result  # type: ignore[no-any-return]

        return call

    def fsync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")

    monkeypatch.setattr(os, "fsync", fsync)
    for name in ("rename", "replace"):
        monkeypatch.setattr(Path, name, noted("put", name))
    renew_root(folder, NOW, rotate=step == "rotate", overlap=step == "overlap", retire=step == "retire")
    fresh = step in ("rotate", "overlap")
    assert done == [
        *("sync 1.root.json.next", "put 1.root.json", "sync keys"),
        *(["sync release.pem.next"] if fresh else ()),
        *("sync root.json.next", "put root.json", "sync keys"),
        *(["put 1.release.pem", "put release.pem"] if fresh else ()),
    ]


@pytest.mark.fault("C34")
@pytest.mark.parametrize("step", ["rotate", "overlap"])
@pytest.mark.parametrize("room", range(4))
def test_a_rotation_for_which_the_disk_has_no_room_changes_nothing(
    folder: Path, step: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Builds go on with the keys that the root names, until the command is run again."""
    synced = 0

    def full(descriptor: int) -> None:
        nonlocal synced
        if synced == room:
            raise OSError(errno.ENOSPC, "No space left on device")
        synced += 1

    before = {name: (folder / name).read_bytes() for name in (RELEASE_KEY, ROOT_FILE)}
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="cannot write keys: No space"):
            renew_root(folder, NOW, rotate=step == "rotate", overlap=step == "overlap")
    assert {name: (folder / name).read_bytes() for name in before} == before
    renew_root(folder, NOW, rotate=step == "rotate", overlap=step == "overlap")
    assert load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW).root_version == 2


def test_rotation_keeps_the_old_key_beside_and_ends_its_power(folder: Path) -> None:
    renew_root(folder, NOW, rotate=True)
    roots = load_roots(folder / ROOT_FILE)
    assert load_authority(roots, folder / RELEASE_KEY, {}, NOW).root_version == 2
    with pytest.raises(SignatureError):
        load_authority(roots, folder / f"1.{RELEASE_KEY}", {}, NOW)


def test_only_the_root_key_renews(folder: Path, tmp_path: Path) -> None:
    new_keys(tmp_path / "other", NOW)
    before = tree_of(folder)
    (folder / ROOT_KEY).write_bytes((tmp_path / "other" / ROOT_KEY).read_bytes())
    with pytest.raises(SignatureError, match="is not a key that"):
        renew_root(folder, NOW, rotate=True)
    (folder / ROOT_KEY).write_bytes(before[ROOT_KEY])
    assert tree_of(folder) == before


@pytest.mark.parametrize("missing", [ROOT_KEY, ROOT_FILE])
def test_renewing_needs_its_files(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(UsageError, match=missing):
        renew_root(folder, NOW, rotate=False)


@pytest.mark.parametrize("step", ["rotate", "overlap"])
@pytest.mark.parametrize("failing", range(4))
def test_an_interrupted_rotation_can_be_run_again(
    folder: Path, step: str, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the key that signed so far is kept."""
    before = (folder / RELEASE_KEY).read_bytes()
    renamed: list[Path] = []

    def breaks(rename: str) -> None:
        real = getattr(Path, rename)

        def moved(path: Path, target: Path) -> Path:
            renamed.append(target)
            if len(renamed) == failing + 1:
                raise OSError(28, "No space left on device")
            result = real(path, target)
            assert isinstance(result, Path)
            return result

        monkeypatch.setattr(Path, rename, moved)

    breaks("rename")
    breaks("replace")
    with pytest.raises(StorageError):
        renew_root(folder, NOW, rotate=step == "rotate", overlap=step == "overlap")
    monkeypatch.undo()
    renew_root(folder, NOW, rotate=step == "rotate", overlap=step == "overlap")
    assert load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW).root_version > 1
    assert before in tree_of(folder).values()


def test_signing_twice_gives_the_same_bytes_and_each_release_the_next_versions(folder: Path) -> None:
    signer = load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW).signer
    first = sign_release(signer, Versions(4, 5, 6), CHANNELS, None, NOW, Validity())
    assert first == sign_release(signer, Versions(4, 5, 6), CHANNELS, None, NOW, Validity())
    assert list(first) == ["metadata/5.targets.json", "metadata/6.snapshot.json", "metadata/timestamp.json"]
    targets = parse_object(first["metadata/5.targets.json"], "targets")["signed"]
    assert targets["vademecum"] == {
        "channels": {"stable": {"release": "releases/1.json", "sequence": 1, "version": "one"}},
        "format": 1,
    }
    timestamp = parse_object(first["metadata/timestamp.json"], "timestamp")["signed"]
    assert (timestamp["version"], timestamp["expires"]) == (7, "2026-12-21T08:00:00Z")


@pytest.mark.fault("E54")
def test_two_releases_of_one_second_and_one_number_are_two_timestamps(folder: Path) -> None:
    signer = load_authority(load_roots(folder / ROOT_FILE), folder / RELEASE_KEY, {}, NOW).signer
    [(name, line)] = CHANNELS.items()
    other = {name: replace(line, current=replace(line.current, sha256="e" * 64))}
    first, second = (sign_release(signer, Versions(), one, None, NOW, Validity()) for one in (CHANNELS, other))
    assert first["metadata/timestamp.json"] != second["metadata/timestamp.json"]
