"""Root metadata: made together with its keys, and renewed with others. It decides whose releases clients accept."""

from __future__ import annotations

import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Root

from vademecum.errors import SignatureError, StorageError, UsageError
from vademecum.runtime.files import patiently, replace_durably
from vademecum_builder.signing.defaults import UNUSED, Validity
from vademecum_builder.signing.keys import RELEASE_KEY, ROOT_FILE, ROOT_KEY, pem_signer, read_key_file
from vademecum_builder.signing.metadata import expiry, parse_root, signed_bytes

_ONLINE_ROLES = ("targets", "snapshot", "timestamp")
_NEXT = ".next"
_MOST_ROOT_KEYS = 9
_KEPT = (
    "bring it from where it is kept, or name its folder with --keys; one that is lost has no substitute: new keys take "
    "a new root.json into every app, and the release key goes on signing until the old one runs out"
)


def new_keys(folder: Path, now: datetime, *, root_keys: int = 1, threshold: int = 1) -> None:
    """Make root keys, a release key and the root metadata that names them.

    Args:
        folder: For `root.pem` (keep it offline), or `root-1.pem` and so on if there are several, `release.pem` (for the
            build) and `root.json` (public).
        threshold: How many of the root keys have to sign each later root (TUF 6.1).

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
        raise UsageError(f"{folder / taken[0]} is there already; keys are never overwritten: name another folder")
    release_signer = CryptoSigner.generate_ed25519()
    root_signers = {name: CryptoSigner.generate_ed25519() for name in names}
    root = Root(expires=expiry(now, Validity().root), consistent_snapshot=True)
    for signer in root_signers.values():
        root.add_key(signer.public_key, "root")
    root.roles["root"].threshold = threshold
    for role in _ONLINE_ROLES:
        root.add_key(release_signer.public_key, role)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignored = folder / ".gitignore"
        if not ignored.exists():
            # root.json is public and may be committed; the keys, and the mark of unused keys, may not.
            ignored.write_text(f"*.pem\n{UNUSED}\n")
        data, made = signed_bytes(root, *root_signers.values()), []
        try:
            for name, signer in (root_signers | {RELEASE_KEY: release_signer}).items():
                _write_secret(folder / name, signer.private_bytes)
                made.append(folder / name)
            (folder / UNUSED).write_text(f"{sha256(data).hexdigest()}\n")
            replace_durably(folder / ROOT_FILE, data, _NEXT)
        except BaseException:
            for path in made:  # keys without their root would block the next try
                path.unlink()
            raise
    except OSError as error:
        raise StorageError(f"{folder}: cannot write keys: {error.strerror}") from error


def renew_root(
    folder: Path, now: datetime, *, rotate: bool = False, overlap: bool = False, retire: bool = False
) -> int:
    """Sign the next root version with a new expiry; return the version.

    The files that it replaces are kept, as `N.root.json` and `N.release.pem`.

    Args:
        rotate: A new release key replaces all others: what these have signed is no longer accepted.
        overlap: A new release key is added: what the others have signed stays valid.
        retire: Only the newest release key stays.

    Raises:
        UsageError: A file is missing or is not what it should be.
        ContentError: `root.json` is not root metadata. SignatureError: `root.pem` is not its key, or too few of its
            root keys are there.
        StorageError: The folder cannot be written.
    """
    before = read_key_file(folder / ROOT_FILE, "root metadata")
    root = parse_root(before, folder / ROOT_FILE).signed
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
    root.expires = expiry(now, Validity().root)
    try:
        replace_durably(folder / f"{version}.{ROOT_FILE}", before, _NEXT)
        following = folder / (RELEASE_KEY + _NEXT)
        if fresh is not None:
            following.unlink(missing_ok=True)  # left by an interrupted run
            _write_secret(following, fresh.private_bytes)
        # If the disk is full by now, the keys are still those that the root names; after a power cut, the new
        # key is on the disk before a root that names it.
        replace_durably(folder / ROOT_FILE, signed_bytes(root, *signers), _NEXT)
        if fresh is not None:
            if (folder / RELEASE_KEY).exists():  # in CI it may only be in the environment
                patiently(lambda: (folder / RELEASE_KEY).rename(folder / f"{version}.{RELEASE_KEY}"))
            patiently(lambda: following.rename(folder / RELEASE_KEY))
    except OSError as error:
        raise StorageError(f"{folder}: cannot write keys: {error.strerror}") from error
    return root.version


def _root_signers(folder: Path, root: Root) -> list[CryptoSigner]:
    """Return the root keys in a folder: at least as many as have to sign."""
    files = sorted(folder.glob("root*.pem")) or [folder / ROOT_KEY]
    signers = [pem_signer(read_key_file(file, "the root key", _KEPT), file) for file in files]
    for file, signer in zip(files, signers, strict=True):
        if signer.public_key.keyid not in root.roles["root"].keyids:
            raise SignatureError(f"{file} is not a key that {folder / ROOT_FILE} names")
    if len({signer.public_key.keyid for signer in signers}) < root.roles["root"].threshold:
        raise SignatureError(
            f"{folder} holds {len(signers)} of the {root.roles['root'].threshold} root keys that have to sign: "
            "bring the others beside them"
        )
    return signers


def _write_secret(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise
