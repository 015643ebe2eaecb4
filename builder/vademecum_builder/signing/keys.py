"""Signing keys: made, renewed, found. Who may sign releases is said by the root metadata."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Key, Signer
from tuf.api.metadata import Root

from vademecum.errors import ContentError, ExpiredError, SignatureError, StorageError, UsageError
from vademecum.runtime.rename import patiently, replace_durably
from vademecum_builder.signing.metadata import expiry, parse_root, signed_bytes
from vademecum_builder.signing.validity import Validity

KEY_VARIABLE = "VADEMECUM_SIGNING_KEY"
_NO_KEY = (
    f"name its folder with --keys, or set {KEY_VARIABLE}; a look at what would be published needs no key "
    "(`vade build --preview`), and `vade keys rotate` makes another for one that is lost"
)
ROOT_KEY, RELEASE_KEY, ROOT_FILE = "root.pem", "release.pem", "root.json"
SET_SECRET = (
    f"gh secret set {KEY_VARIABLE} < keys/{RELEASE_KEY}, --env github-pages for the workflow of `vade init`"
)
"""How a repository on GitHub is given the key; the secret of a job's environment goes before the repository's."""
_ONLINE_ROLES = ("targets", "snapshot", "timestamp")
_NEXT = ".next"
_MOST_ROOT_KEYS = 9


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


def new_keys(
    folder: Path,
    now: datetime,
    validity: Validity | None = None,
    *,
    root_keys: int = 1,
    threshold: int = 1,
) -> None:
    """Make root keys, a release key and the root metadata that joins them.

    Args:
        folder: Gets `root.pem` (keep it offline), or `root-1.pem` and so on where there are several, `release.pem` (for
            the build) and `root.json` (public).
        threshold: So many of the root keys have to sign each further root (TUF 6.1).

    Raises:
        UsageError: The folder has keys already: they are never overwritten. The threshold cannot be reached.
        StorageError: The folder cannot be written.
    """
    if not 1 <= threshold <= root_keys <= _MOST_ROOT_KEYS:
        raise UsageError(
            f"{threshold} of {root_keys} root keys cannot be: 1 to {_MOST_ROOT_KEYS} keys, and 1 to all of them sign"
        )
    names = [ROOT_KEY] if root_keys == 1 else [f"root-{number}.pem" for number in range(1, root_keys + 1)]
    taken = [name for name in (*names, RELEASE_KEY, ROOT_FILE) if (folder / name).exists()]
    if taken:
        raise UsageError(
            f"{folder / taken[0]} is there already; keys are never overwritten: name another folder"
        )
    release_signer = CryptoSigner.generate_ed25519()
    root_signers = {name: CryptoSigner.generate_ed25519() for name in names}
    root = Root(expires=expiry(now, (validity or Validity()).root), consistent_snapshot=True)
    for signer in root_signers.values():
        root.add_key(signer.public_key, "root")
    root.roles["root"].threshold = threshold
    for role in _ONLINE_ROLES:
        root.add_key(release_signer.public_key, role)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, signer in root_signers.items():
            _write_secret(folder / name, signer.private_bytes)
        _write_secret(folder / RELEASE_KEY, release_signer.private_bytes)
        replace_durably(folder / ROOT_FILE, signed_bytes(root, *root_signers.values()), _NEXT)
        ignored = folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*.pem\n")  # root.json is public and may be committed; the keys may not
    except OSError as error:
        raise StorageError(f"{folder}: cannot write keys: {error.strerror}") from error


def renew_root(
    folder: Path,
    now: datetime,
    *,
    rotate: bool = False,
    overlap: bool = False,
    retire: bool = False,
    validity: Validity | None = None,
) -> int:
    """Sign the next root version with a new expiry; return the version.

    The files that it replaces are kept beside, as `N.root.json` and `N.release.pem`.

    Args:
        rotate: With a new release key in place of all others: what these have signed is believed no more.
        overlap: With a new release key beside the others: what these have signed goes on.
        retire: With the release key alone that was made last.

    Raises:
        UsageError: A file is missing or is not what it should be.
        ContentError: `root.json` is not root metadata. SignatureError: `root.pem` is not its key, or too few of
            its root keys are there.
        StorageError: The folder cannot be written.
    """
    before = _read(folder / ROOT_FILE, "root metadata")
    root = parse_root(before).signed
    signers = _root_signers(folder, root)
    fresh = CryptoSigner.generate_ed25519() if rotate or overlap else None
    for role in _ONLINE_ROLES:
        named = list(root.roles[role].keyids)
        for keyid in named if rotate else named[:-1] if retire else ():
            root.revoke_key(keyid, role)
        if fresh is not None:
            root.add_key(fresh.public_key, role)
    version = root.version
    root.version += 1
    root.expires = expiry(now, (validity or Validity()).root)
    try:
        replace_durably(folder / f"{version}.{ROOT_FILE}", before, _NEXT)
        if fresh is not None:
            _swap_release_key(folder, version, fresh)
        # A power cut must leave neither an empty root.json beside a revoked key, nor this one without the renames.
        replace_durably(folder / ROOT_FILE, signed_bytes(root, *signers), _NEXT)
    except OSError as error:
        raise StorageError(f"{folder}: cannot write keys: {error.strerror}") from error
    return root.version


def load_roots(file: Path) -> dict[int, bytes]:
    """Return the chain of roots that a file ends: version -> bytes. Older ones lie beside, as `N.root.json`.

    Raises:
        UsageError: The file cannot be read. ContentError: One of them is not root metadata.
    """
    made = "it is what `vade init` or `vade keys new` made: commit it, or name its folder with --keys"
    newest = _read(file, "root metadata", made)
    older = sorted(file.parent.glob(f"[0-9]*.{ROOT_FILE}"))
    chain = {parse_root(data).signed.version: data for data in [path.read_bytes() for path in older]}
    last = parse_root(newest).signed.version
    return {version: data for version, data in chain.items() if version < last} | {last: newest}


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
    signed = parse_root(roots[max(roots)]).signed
    if signed.expires <= now:
        raise ExpiredError(
            f"the root metadata expired on {signed.expires:%Y-%m-%d}: sign it anew with `vade keys renew`"
        )
    authorised = {keyid: key for keyid, key in signed.keys.items() if keyid in signed.roles["targets"].keyids}
    if not authorised:
        raise ContentError("root.json: it holds none of the keys that it names for targets")
    signer = _find_signer(key_file, environ, authorised)
    if signer.public_key.keyid not in authorised:
        is_root = signer.public_key.keyid in signed.roles["root"].keyids
        raise SignatureError(
            f"the release key {signer.public_key.keyid[:12]} is not one that the root metadata names "
            f"({', '.join(keyid[:12] for keyid in authorised)}): "
            + (
                "it is the root key, which no build may have"
                if is_root
                else "use the key that belongs to this root.json, or the root.json that `vade keys rotate` wrote"
            )
            + f" ({SET_SECRET})"
        )
    return Authority(roots, signer)


def is_named(pem: bytes, root: bytes) -> bool:
    """Return whether a file is a private key of those that root metadata name.

    Raises:
        ContentError: Not root metadata.
    """
    try:
        return _pem_signer(pem, "").public_key.keyid in parse_root(root).signed.keys
    except UsageError:
        return False


def _root_signers(folder: Path, root: Root) -> list[CryptoSigner]:
    """Return the root keys that lie in a folder: as many as have to sign, or more."""
    files = sorted(folder.glob("root*.pem")) or [folder / ROOT_KEY]
    signers = [_pem_signer(_read(file, "the root key"), file) for file in files]
    for file, signer in zip(files, signers, strict=True):
        if signer.public_key.keyid not in root.roles["root"].keyids:
            raise SignatureError(f"{file} is not a key that {folder / ROOT_FILE} names")
    if len({signer.public_key.keyid for signer in signers}) < root.roles["root"].threshold:
        raise SignatureError(
            f"{folder}: {len(signers)} root keys are here, and {root.roles['root'].threshold} have to sign: bring the "
            "others beside them"
        )
    return signers


def _swap_release_key(folder: Path, version: int, fresh: CryptoSigner) -> None:
    following = folder / (RELEASE_KEY + _NEXT)
    following.unlink(missing_ok=True)  # of an earlier, interrupted run
    _write_secret(following, fresh.private_bytes)
    if (folder / RELEASE_KEY).exists():  # in CI it may live in the environment alone
        patiently(lambda: (folder / RELEASE_KEY).rename(folder / f"{version}.{RELEASE_KEY}"))
    patiently(lambda: following.rename(folder / RELEASE_KEY))


def _find_signer(key_file: Path, environ: Mapping[str, str], authorised: Mapping[str, Key]) -> Signer:
    value = environ.get(KEY_VARIABLE, "").strip()
    if not value:
        return _pem_signer(_read(key_file, "the release key", _NO_KEY), key_file)
    if value.startswith("-----BEGIN"):
        return _pem_signer(value.encode(), KEY_VARIABLE)
    try:
        return Signer.from_priv_key_uri(value, next(iter(authorised.values())))
    except Exception as error:  # noqa: BLE001 - the libraries of key services raise what they like
        # The value may be a mangled secret: neither it nor an error that quotes it is passed on.
        said = f"{KEY_VARIABLE} holds neither a PEM key nor a usable key URI ({type(error).__name__})"
        raise UsageError(f"{said}: set it again, whole ({SET_SECRET})") from None


def _pem_signer(pem: bytes, where: Path | str) -> CryptoSigner:
    again = f": set it again, whole ({SET_SECRET})" if where == KEY_VARIABLE else ""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError) as error:
        raise UsageError(f"{where}: not an unencrypted PEM private key{again}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{where}: expected an ed25519 key, as `vade keys new` makes{again}")
    return CryptoSigner(key)


def _read(
    path: Path, what: str, advice: str = "name its folder with --keys (`vade keys new` makes one)"
) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot read {what} ({error.strerror}); {advice}") from error


def _write_secret(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
