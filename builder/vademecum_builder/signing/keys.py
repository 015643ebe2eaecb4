"""Signing keys, from files or the environment. The root metadata say who may sign releases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Key, Signer

from vademecum.errors import ContentError, ExpiredError, SignatureError, UsageError
from vademecum_builder.signing.defaults import DEFAULT_KEYS, UNUSED
from vademecum_builder.signing.metadata import parse_root

KEY_VARIABLE = "VADEMECUM_SIGNING_KEY"
_NO_KEY = (
    f"name its folder with --keys, or set {KEY_VARIABLE}; a look at what would be published needs no key "
    "(`vade build --preview`), and `vade keys rotate` makes another for one that is lost"
)
ROOT_KEY, RELEASE_KEY, ROOT_FILE = "root.pem", "release.pem", "root.json"


def set_secret(keys: Path = DEFAULT_KEYS) -> str:
    """Return how to give a repository on GitHub the key of a folder.

    The secret of a job's environment takes precedence over the repository's, and no other job sees it.
    """
    return f"gh secret set {KEY_VARIABLE} < {keys / RELEASE_KEY}  # with --env NAME where its job names one"


@dataclass(frozen=True)
class Authority:
    """Who signs: the chain of root metadata (version -> bytes, as published) and the release key it names.

    Attributes:
        folder: The folder of that key, if it is in a file.
    """

    roots: Mapping[int, bytes]
    signer: Signer
    folder: Path

    @property
    def root_version(self) -> int:
        """The version of its newest root."""
        return max(self.roots)

    @property
    def root(self) -> bytes:
        """The newest root metadata."""
        return self.roots[self.root_version]

    def note_use(self) -> None:
        """Remove the mark of unused keys, before anything that they sign is published."""
        with suppress(OSError):  # gone, or in a read-only folder, where it does not count
            (self.folder / UNUSED).unlink()


def load_roots(file: Path) -> dict[int, bytes]:
    """Return the chain of roots up to that of a file: version -> bytes. Older ones are beside it, as `N.root.json`.

    Raises:
        UsageError: The file cannot be read. ContentError: One of them is not root metadata.
    """
    made = "it is what `vade init` or `vade keys new` made: commit it, or name its folder with --keys"
    newest = read_key_file(file, "root metadata", made)
    older = sorted(file.parent.glob(f"[0-9]*.{ROOT_FILE}"))
    chain = {parse_root(data, path).signed.version: data for path, data in [(p, p.read_bytes()) for p in older]}
    last = parse_root(newest, file).signed.version
    return {version: data for version, data in chain.items() if version < last} | {last: newest}


def load_authority(roots: Mapping[int, bytes], key_file: Path, environ: Mapping[str, str], now: datetime) -> Authority:
    """Return who may sign releases.

    Args:
        roots: From `load_roots`, or the previous release's.
        key_file: The release key; the environment variable takes precedence.
        environ: May contain VADEMECUM_SIGNING_KEY: a PEM, or a key URI of securesystemslib (`awskms:...`).

    Raises:
        UsageError: There is no key, or it is not readable.
        ExpiredError: The root metadata has expired.
        SignatureError: The root does not authorise this key.
        ContentError: Not root metadata.
    """
    signed = parse_root(roots[max(roots)]).signed
    if signed.expires <= now:
        raise ExpiredError(
            f"the root metadata expired on {signed.expires:%Y-%m-%d}: sign it again with `vade keys renew`"
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
            + f" (on GitHub: {set_secret()})"
        )
    return Authority(roots, signer, key_file.parent)


def is_named(pem: bytes, root: bytes) -> bool:
    """Return whether a file is a private key that the root metadata name; raise ContentError if it is not root
    metadata."""
    try:
        return pem_signer(pem, "").public_key.keyid in parse_root(root).signed.keys
    except UsageError:
        return False


def pem_signer(pem: bytes, where: Path | str) -> CryptoSigner:
    """Return the signer of a PEM; raise UsageError, with `where` but never its content, if it is not one."""
    again = f": set it again, whole (on GitHub: {set_secret()})" if where == KEY_VARIABLE else ""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError) as error:
        raise UsageError(f"{where}: {_in_place_of_a_key(pem, error)}{again}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{where}: expected an ed25519 key, as `vade keys new` makes{again}")
    return CryptoSigner(key)


def _in_place_of_a_key(pem: bytes, error: Exception) -> str:
    """Return what bytes are that are not a signing key, in words that do not reveal them."""
    kind = re.search(rb"-----BEGIN ([A-Z0-9 ]+)-----", pem)
    if not pem.strip():
        return "empty: it holds no key"
    if isinstance(error, TypeError):  # `cryptography` raises it if a password is needed
        advice = "take it off (`openssl pkey -in FILE -out FILE`)"
        return f"the key has a passphrase, and nobody is there to be asked: {advice}"
    if kind is None:
        return "not a PEM: the line -----BEGIN PRIVATE KEY----- is missing, or the encoding is not UTF-8"
    if not kind[1].endswith(b"PRIVATE KEY"):
        return "a public key or a certificate: the private key is wanted, as `vade keys new` makes it"
    if kind[1].startswith(b"OPENSSH"):
        return "a key for SSH: another is wanted, as `vade keys new` makes it"
    return "a private key that is cut off or damaged"


def read_key_file(
    path: Path, what: str, advice: str = "name its folder with --keys (`vade keys new` makes one)"
) -> bytes:
    """Return the content of a key file; raise UsageError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot read {what} ({error.strerror}); {advice}") from error


def _find_signer(key_file: Path, environ: Mapping[str, str], authorised: Mapping[str, Key]) -> Signer:
    value = environ.get(KEY_VARIABLE, "").strip()
    if not value:
        return pem_signer(read_key_file(key_file, "the release key", _NO_KEY), key_file)
    if value.startswith("-----BEGIN"):
        return pem_signer(value.encode(), KEY_VARIABLE)
    try:
        return Signer.from_priv_key_uri(value, next(iter(authorised.values())))
    except Exception as error:  # noqa: BLE001 - the libraries of key services raise what they like
        # The value may be a mangled secret: neither it nor an error that quotes it may be shown.
        said = f"{KEY_VARIABLE} holds neither a PEM key nor a usable key URI ({type(error).__name__})"
        raise UsageError(f"{said}: set it again, whole (on GitHub: {set_secret()})") from None
