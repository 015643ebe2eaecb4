"""Which signatures count: what python-tuf and its cryptography leave open, decided the same on every runtime.

Two things do not count, and neither takes arithmetic on the curve to see:

- an ed25519 signature that is not encoded as its signer made it, or of a key of small order, which agrees with almost
  any signature (RFC 8032, sections 5.1.7 and 8.4). OpenSSL, which CPython asks, refuses most of them; the pure Python
  that browsers use takes S modulo the group's order and mends R.
- one key under two identifiers, counted twice towards a threshold (TUF 4.2.1).
"""

from __future__ import annotations

import hashlib
from typing import Any

from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Key, Metadata, Root, Targets

P = 2**255 - 19
"""The field's prime."""

L = 2**252 + 27742317777372353535851937790883648493
"""The order of the group's prime part."""

_Y8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER = frozenset({0, 1, P - 1, _Y8, P - _Y8})
"""The y-coordinates of the eight points whose order divides 8."""


def require_signatures(data: bytes, delegator: Root | Targets, role: str) -> None:
    """Refuse metadata that reach their threshold only with signatures that do not count (TUF 4.2.1, 5.3.4).

    A signature that does not count is no reason to refuse the others beside it. Most metadata have none of these:
    then nothing is verified here, and python-tuf's own check is enough.

    Args:
        delegator: Who names the keys and the threshold of `role`.

    Raises:
        UnsignedMetadataError: Too few of the signatures count.
        RepositoryError: Malformed metadata.
    """
    metadata: Metadata[Any] = Metadata.from_bytes(data)
    named = delegator.get_delegated_role(role)
    known = delegator.keys if isinstance(delegator, Root) else delegator.delegations and delegator.delegations.keys
    keys = [known[keyid] for keyid in named.keyids if known and keyid in known]
    counting = {
        keyid: signature
        for keyid, signature in metadata.signatures.items()
        if not known or keyid not in known or counts(known[keyid], signature.signature)
    }
    if len(counting) == len(metadata.signatures) and len({*map(fingerprint, keys)}) == len(keys):
        return
    result = delegator.get_verification_result(role, metadata.signed_bytes, counting)
    found = len({*map(fingerprint, result.signed.values())})
    if found < named.threshold:
        raise UnsignedMetadataError(f"{role} was signed by {found}/{named.threshold} keys that count")


def signers_of(data: bytes, root: Root, role: str) -> tuple[str, ...]:
    """Return the fingerprints of the keys that have signed metadata that were accepted under `root`, sorted."""
    metadata: Metadata[Any] = Metadata.from_bytes(data)
    named = root.get_delegated_role(role)
    keys = {id: root.keys[id] for id in named.keyids if id in metadata.signatures and id in root.keys}
    if len(keys) > named.threshold:  # more than were needed: one that is no signature vouches for nothing
        signatures = metadata.signatures
        counting = {id: signatures[id] for id, key in keys.items() if counts(key, signatures[id].signature)}
        keys = root.get_verification_result(role, metadata.signed_bytes, counting).signed
    return tuple(sorted({*map(fingerprint, keys.values())}))


def counts(key: Key, signature: str) -> bool:
    """Return whether a signature may count as one of `key`, should it verify. Only ed25519 is judged here.

    Args:
        signature: Hexadecimal. One of another length never verifies, and is left to python-tuf.
    """
    if key.scheme != "ed25519":
        return True
    try:
        public, encoded = bytes.fromhex(key.keyval["public"]), bytes.fromhex(signature)
    except ValueError:
        return True
    if (len(public), len(encoded)) != (32, 64):
        return True
    point, y = canonical_y(encoded[:32]), canonical_y(public)
    of_order = y is not None and y not in SMALL_ORDER
    return of_order and point is not None and int.from_bytes(encoded[32:], "little") < L


def canonical_y(encoded: bytes) -> int | None:
    """Return the y-coordinate of a point (RFC 8032, section 5.1.2).

    None where the 32 bytes are not its one encoding: y is below p, and where x is 0, it has no sign.
    """
    number = int.from_bytes(encoded, "little")
    y, sign = number & (2**255 - 1), number >> 255
    return y if y < P and not (sign and y in (1, P - 1)) else None


def fingerprint(key: Key) -> str:
    """Return what makes a key the same key, however it is called and written: 64 hexadecimal digits."""
    public = str(key.keyval.get("public", key.keyid))
    try:
        material = bytes.fromhex(public) if key.keytype == "ed25519" else _der(public)
    except (ValueError, ImportError, TypeError):  # no key, or of a kind that nothing here verifies
        material = public.encode()
    return hashlib.sha256(material).hexdigest()


def _der(pem: str) -> bytes:
    """Return the one encoding of a public key in PEM, which may be written in many ways (RFC 7468, RFC 5480)."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        return load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
