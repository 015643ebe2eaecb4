"""Keys, and the TUF metadata of a release: made with python-tuf, signed with securesystemslib's signers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, Key, Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from vademecum.errors import ContentError, ExpiredError, SignatureError, StorageError, UsageError
from vademecum.format import FORMAT
from vademecum.strict_json import canonical, parse_object
from vademecum.trust import CUSTOM

KEY_VARIABLE = "VADEMECUM_SIGNING_KEY"
ROOT_KEY, RELEASE_KEY, ROOT_FILE = "root.pem", "release.pem", "root.json"
_ONLINE_ROLES = ("targets", "snapshot", "timestamp")
_SERIALIZER = JSONSerializer(compact=True)


@dataclass(frozen=True)
class Validity:
    """How long signatures hold. A build signs anew once half of a timestamp's time has passed."""

    root: timedelta = timedelta(days=3 * 365)
    targets: timedelta = timedelta(days=365)
    timestamp: timedelta = timedelta(days=30)


@dataclass(frozen=True)
class Versions:
    """The versions of the last published metadata; 0 before the first."""

    targets: int = 0
    snapshot: int = 0
    timestamp: int = 0


@dataclass(frozen=True)
class Authority:
    """Who signs: the chain of root metadata (version -> bytes, as published) and the release key it names."""

    roots: Mapping[int, bytes]
    signer: Signer

    @property
    def root_version(self) -> int:
        return max(self.roots)

    @property
    def root(self) -> bytes:
        """The newest root metadata."""
        return self.roots[self.root_version]


def new_keys(folder: Path, now: datetime, validity: Validity | None = None) -> None:
    """Make a root key, a release key and the root metadata that joins them.

    Args:
        folder: Gets `root.pem` (keep it offline), `release.pem` (for the build) and `root.json` (public).

    Raises:
        UsageError: The folder has keys already: they are never overwritten.
        StorageError: The folder cannot be written.
    """
    taken = [name for name in (ROOT_KEY, RELEASE_KEY, ROOT_FILE) if (folder / name).exists()]
    if taken:
        raise UsageError(
            f"{folder / taken[0]} is there already; keys are never overwritten: name another folder"
        )
    root_signer, release_signer = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
    root = Root(expires=_expiry(now, (validity or Validity()).root), consistent_snapshot=True)
    root.add_key(root_signer.public_key, "root")
    for role in _ONLINE_ROLES:
        root.add_key(release_signer.public_key, role)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_secret(folder / ROOT_KEY, root_signer.private_bytes)
        _write_secret(folder / RELEASE_KEY, release_signer.private_bytes)
        (folder / ROOT_FILE).write_bytes(_signed(root, root_signer))
    except OSError as error:
        raise StorageError(f"{folder}: cannot write keys: {error.strerror}") from error


def renew_root(folder: Path, now: datetime, *, rotate: bool, validity: Validity | None = None) -> int:
    """Sign the next root version with a new expiry; `rotate`: with a new release key too. Return the version.

    The files that it replaces are kept beside, as `N.root.json` and `N.release.pem`.

    Raises:
        UsageError: A file is missing or is not what it should be.
        StorageError: The folder cannot be written.
    """
    old = _root_metadata(_read(folder / ROOT_FILE, "root metadata"))
    signer = _pem_signer(_read(folder / ROOT_KEY, "the root key"), folder / ROOT_KEY)
    root = old.signed
    (folder / f"{root.version}.{ROOT_FILE}").write_bytes(_read(folder / ROOT_FILE, "root metadata"))
    if rotate:
        fresh = CryptoSigner.generate_ed25519()
        for role in _ONLINE_ROLES:
            for keyid in list(root.roles[role].keyids):
                root.revoke_key(keyid, role)
            root.add_key(fresh.public_key, role)
        (folder / RELEASE_KEY).rename(folder / f"{root.version}.{RELEASE_KEY}")
        _write_secret(folder / RELEASE_KEY, fresh.private_bytes)
    root.version += 1
    root.expires = _expiry(now, (validity or Validity()).root)
    (folder / ROOT_FILE).write_bytes(_signed(root, signer))
    return root.version


def load_roots(file: Path) -> dict[int, bytes]:
    """Return the chain of roots that a file ends: version -> bytes. Older ones lie beside, as `N.root.json`.

    Raises:
        UsageError: The file cannot be read. ContentError: One of them is not root metadata.
    """
    newest = _read(file, "root metadata")
    chain = [path.read_bytes() for path in file.parent.glob(f"[0-9]*.{ROOT_FILE}")] + [newest]
    return {_root_metadata(data).signed.version: data for data in chain}


def load_authority(
    roots: Mapping[int, bytes], key_file: Path, environ: Mapping[str, str], now: datetime
) -> Authority:
    """Return who may sign releases.

    Args:
        roots: From `load_roots`, or the previous release's.
        key_file: The release key; the environment variable goes before it.
        environ: May hold VADEMECUM_SIGNING_KEY: a PEM, or a key URI of securesystemslib (`awskms:...`).

    Raises:
        UsageError: There is no key, or it is not readable.
        ExpiredError: The root metadata has expired.
        SignatureError: The root does not authorise this key.
        ContentError: Not root metadata.
    """
    signed = _root_metadata(roots[max(roots)]).signed
    if signed.expires <= now:
        raise ExpiredError(
            f"the root metadata expired on {signed.expires:%Y-%m-%d}: sign it anew with `vade keys renew`"
        )
    authorised = {keyid: signed.keys[keyid] for keyid in signed.roles["targets"].keyids}
    signer = _find_signer(key_file, environ, authorised)
    if signer.public_key.keyid not in authorised:
        raise SignatureError(
            f"the release key {signer.public_key.keyid[:12]} is not one that the root metadata names "
            f"({', '.join(keyid[:12] for keyid in authorised)}): use the key that belongs to this root.json"
        )
    return Authority(roots, signer)


def public_root(root: bytes) -> str:
    """Return a line for people: the root's version, expiry and key ids."""
    signed = _root_metadata(root).signed
    keyids = ", ".join(keyid[:12] for keyid in signed.roles["root"].keyids)
    return f"root version {signed.version}, until {signed.expires:%Y-%m-%d}, key {keyids}"


@dataclass(frozen=True)
class SignedTarget:
    """A file that the targets sign: its TUF path, digest and length."""

    path: str
    sha256: str
    length: int


@dataclass(frozen=True)
class Channel:
    """What a channel points to."""

    name: str
    release: str
    sequence: int
    version: str


def sign_release(
    authority: Authority,
    before: Versions,
    targets: tuple[SignedTarget, ...],
    channel: Channel,
    now: datetime,
    validity: Validity,
) -> dict[str, bytes]:
    """Return new targets, snapshot and timestamp: path in the published tree -> bytes, timestamp last."""
    entry = {"release": channel.release, "sequence": channel.sequence, "version": channel.version}
    custom = {"channels": {channel.name: entry}, "format": FORMAT}
    files = {t.path: TargetFile(t.length, {"sha256": t.sha256}, t.path) for t in targets}
    signed_targets = Targets(
        version=before.targets + 1,
        expires=_expiry(now, validity.targets),
        targets=files,
        unrecognized_fields={CUSTOM: custom},
    )
    data = _signed(signed_targets, authority.signer)
    snapshot = Snapshot(
        version=before.snapshot + 1,
        expires=_expiry(now, validity.targets),
        meta={"targets.json": MetaFile(signed_targets.version, len(data), _hashes(data))},
    )
    snapshot_data = _signed(snapshot, authority.signer)
    timestamp = Timestamp(
        version=before.timestamp + 1,
        expires=_expiry(now, validity.timestamp),
        snapshot_meta=MetaFile(snapshot.version, len(snapshot_data), _hashes(snapshot_data)),
    )
    return {
        f"metadata/{signed_targets.version}.targets.json": data,
        f"metadata/{snapshot.version}.snapshot.json": snapshot_data,
        "metadata/timestamp.json": _signed(timestamp, authority.signer),
    }


def _signed(signed: Signed, signer: Signer) -> bytes:
    metadata: Metadata[Any] = Metadata(signed)
    metadata.sign(signer)
    # Sorted keys: the same input gives the same bytes.
    return canonical(parse_object(metadata.to_bytes(_SERIALIZER), signed.type))


def _hashes(data: bytes) -> dict[str, str]:
    return dict(MetaFile.from_data(1, data, ["sha256"]).hashes or {})


def _expiry(now: datetime, validity: timedelta) -> datetime:
    return (now.astimezone(UTC) + validity).replace(microsecond=0)


def _root_metadata(data: bytes) -> Metadata[Root]:
    parse_object(data, "root.json")
    try:
        metadata = Metadata[Root].from_bytes(data)
        metadata.signed.verify_delegate("root", metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, UnverifiedSignatureError) as error:
        raise ContentError(f"root.json is not self-signed root metadata: {error}") from error
    return metadata


def _find_signer(key_file: Path, environ: Mapping[str, str], authorised: Mapping[str, Key]) -> Signer:
    value = environ.get(KEY_VARIABLE, "").strip()
    if not value:
        return _pem_signer(_read(key_file, "the release key"), key_file)
    if value.startswith("-----BEGIN"):
        return _pem_signer(value.encode(), KEY_VARIABLE)
    try:
        return Signer.from_priv_key_uri(value, next(iter(authorised.values())))
    except (ValueError, ImportError, OSError) as error:
        # The value may be a mangled secret: it is never repeated.
        raise UsageError(f"{KEY_VARIABLE} holds neither a PEM key nor a usable key URI") from error


def _pem_signer(pem: bytes, where: Path | str) -> CryptoSigner:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where}: not an unencrypted PEM private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{where}: expected an ed25519 key, as `vade keys new` makes")
    return CryptoSigner(key)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot read {what} ({error.strerror}); make keys with `vade keys new`, "
            f"or set {KEY_VARIABLE}"
        ) from error


def _write_secret(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
