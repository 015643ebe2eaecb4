"""The keys that a build signs with: those that are named, or development keys that the first build makes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from vademecum.errors import UsageError
from vademecum.format.json import parse_object
from vademecum.runtime.files import real_path
from vademecum_builder.signing.defaults import DEFAULT_KEYS, UNUSED, SigningRequest
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE, Authority, load_authority, load_roots
from vademecum_builder.signing.root import new_keys


@dataclass(frozen=True)
class Keys:
    """The keys of a publisher.

    Attributes:
        roots: Root metadata that the publisher holds, version -> bytes; empty: the published root decides.
        key_file: The release key, unless `signing_key` is given.
        signing_key: A PEM, or a key URI of securesystemslib (`awskms:...`); empty: the file.
        notices: What the publisher should read, such as that keys were made.
    """

    roots: Mapping[int, bytes]
    key_file: Path
    signing_key: str = field(default="", repr=False)
    notices: tuple[str, ...] = ()

    @property
    def newest_root(self) -> bytes:
        """The root metadata with the highest version; empty: the publisher holds none."""
        return max(self.roots.items(), default=(0, b""))[1]

    @property
    def unused(self) -> bool:
        """Whether these keys were made here, and nothing has been signed with them here yet."""
        folder, root = self.key_file.parent, self.roots.get(1, b"")
        if self.signing_key or not os.access(folder, os.W_OK):
            return False
        try:
            return (folder / UNUSED).read_text().strip() == sha256(root).hexdigest()
        except (OSError, UnicodeDecodeError):
            return False


def find_keys(
    request: SigningRequest, *, out: Path, published_at: str | None, make: bool = True, now: datetime
) -> Keys:
    """Return the keys that are named; if there is nothing at all yet, make development keys.

    Args:
        out: The published tree: keys in it would be published.
        published_at: The place of a signed release; None: a new line begins.
        make: Whether development keys may be made: not if they would be lost with the machine.
        now: Aware; development keys are made at this time.

    Raises:
        UsageError: They cannot be read, or are in the published tree; or there are none, and none may be made.
        StorageError: Development keys cannot be written.
    """
    named, signing_key = request.keys is not None or request.root is not None, request.signing_key
    folder = request.keys or DEFAULT_KEYS
    if real_path(folder).is_relative_to(real_path(out)):
        raise UsageError(f"{folder}: the keys lie in {out} and would be published; move them elsewhere")
    root_file, key_file = request.root or folder / ROOT_FILE, folder / RELEASE_KEY
    if named or root_file.exists():
        return Keys(load_roots(root_file), key_file, signing_key)
    if signing_key:
        return Keys({}, key_file, signing_key)
    if published_at is not None:
        raise UsageError(
            f"no keys in {folder}, but there is a release at {published_at} that was signed with some: name them "
            f"with --keys, or set {KEY_VARIABLE} (--force makes new keys: nobody who trusts the old ones follows)"
        )
    if not make:
        raise UsageError(
            f"no keys, and this is CI, where new ones would be lost with the machine: put {RELEASE_KEY} into "
            f"the secret {KEY_VARIABLE}, commit {ROOT_FILE} and name it with --root (`vade keys new` makes both)"
        )
    new_keys(folder, now)
    (folder.parent / ".gitignore").write_text("*\n")
    notice = (
        f"made development keys in {folder} (git-ignored). Anybody who has them can sign releases; "
        "for a real site make your own with `vade keys new`"
    )
    return Keys(load_roots(root_file), key_file, notices=(notice,))


def keys_of_preview(request: SigningRequest) -> Keys:
    """Return the public root metadata, if there is any, without a key; raise UsageError if it cannot be read."""
    named = request.root or (request.keys and request.keys / ROOT_FILE)
    file = named or DEFAULT_KEYS / ROOT_FILE
    return Keys(load_roots(file) if named or file.exists() else {}, file.parent / RELEASE_KEY)


def throwaway_authority(now: datetime) -> Authority:
    """Return keys that exist only in memory: no client can follow what they sign."""
    with TemporaryDirectory() as folder:
        new_keys(Path(folder), now)
        return load_authority(load_roots(Path(folder, ROOT_FILE)), Path(folder, RELEASE_KEY), {}, now)


def choose_authority(keys: Keys, published_roots: Mapping[int, bytes], now: datetime) -> Authority:
    """Return who signs. A published root is never replaced by an older one.

    Args:
        published_roots: Version -> bytes, as in the previous release; empty: there is none.
        now: Aware; an expired root signs nothing.

    Raises:
        UsageError: There is no root, or a different one is published with its version.
        ExpiredError, SignatureError, ContentError: See `load_authority`.
    """
    if not keys.roots and not published_roots:
        raise UsageError(
            f"{KEY_VARIABLE} is set, but there is no root metadata: commit the public root.json that "
            "`vade keys new` made and name it with --root"
        )
    for version in keys.roots.keys() & published_roots.keys():
        # Only the content counts: git on Windows, or a formatter, may change line breaks and layout.
        file = f"{version}.{ROOT_FILE}"
        if parse_object(keys.roots[version], file) != parse_object(published_roots[version], file):
            raise UsageError(
                f"root version {version} differs from the published one: clients would refuse it; "
                f"use the root.json that lies at metadata/{version}.root.json"
            )
    environ = {KEY_VARIABLE: keys.signing_key} if keys.signing_key else {}
    return load_authority({**keys.roots, **published_roots}, keys.key_file, environ, now)
