"""Which signatures count: what python-tuf and its cryptography leave open, decided the same on every runtime.

Two things are refused here, each without any arithmetic on the curve:

- ed25519 signatures whose encoding is not the one that the signer made, and keys of small order, which agree
  with almost any signature (RFC 8032, section 5.1.7 and its section 8.4). OpenSSL, which CPython asks, refuses
  most of them; the pure Python that browsers use takes S modulo the group's order and mends R.
- one key under two identifiers, counted twice towards a threshold (TUF specification, section 4.2.1).

A signature that does not count is no reason to refuse the others beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def require_signatures(data: bytes, value: Mapping[str, Any], delegator: Root | Targets, role: str) -> None:
    """Refuse metadata that reach their threshold only with signatures that do not count.

    Most metadata have none of these: then nothing is verified here, and python-tuf's own check is enough.

    Args:
        data: The metadata file.
        value: The same, parsed.
        delegator: Who names the keys and the threshold of `role`.

    Raises:
        UnsignedMetadataError: Too few of the signatures count.
        RepositoryError: Malformed metadata.
    """
    named = delegator.get_delegated_role(role)
    keys = [key for key in map(_finder(delegator), named.keyids) if key is not None]
    signatures = _signatures(value)
    refused = {key.keyid for key in keys if not counts(key, signatures.get(key.keyid, ""))}
    if not refused and len({_material(key) for key in keys}) == len(keys):
        return
    metadata: Metadata[Any] = Metadata.from_bytes(data)
    kept = {keyid: signature for keyid, signature in metadata.signatures.items() if keyid not in refused}
    result = delegator.get_verification_result(role, metadata.signed_bytes, kept)
    found = len({_material(key) for key in result.signed.values()})
    if found < named.threshold:
        raise UnsignedMetadataError(f"{role} was signed by {found}/{named.threshold} keys that count")


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
    if len(public) != 32 or len(encoded) != 64:
        return True
    points = canonical_point(public) and canonical_point(encoded[:32])
    return points and _point(public)[0] not in SMALL_ORDER and int.from_bytes(encoded[32:], "little") < L


def canonical_point(encoded: bytes) -> bool:
    """Return whether 32 bytes are the one encoding of their point: y below p, no sign on x = 0."""
    y, sign = _point(encoded)
    return y < P and not (sign and y in (1, P - 1))


def _point(encoded: bytes) -> tuple[int, int]:
    """Return the y-coordinate and the sign of x (RFC 8032, section 5.1.2)."""
    number = int.from_bytes(encoded, "little")
    return number & (2**255 - 1), number >> 255


def _finder(delegator: Root | Targets) -> Callable[[str], Key | None]:
    """Return what finds a key by its identifier. A role may name one that is not there: it signs nothing."""
    if isinstance(delegator, Root):
        return delegator.keys.get
    return delegator.delegations.keys.get if delegator.delegations is not None else lambda _: None


def _signatures(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the signatures by key; what is malformed is left to python-tuf."""
    listed = value.get("signatures")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    pairs = [(entry.get("keyid"), entry.get("sig")) for entry in entries]
    return {keyid: sig for keyid, sig in pairs if isinstance(keyid, str) and isinstance(sig, str)}


def _material(key: Key) -> tuple[str, str]:
    """Return what makes a key the same key, whatever it is called."""
    public = str(key.keyval.get("public", key.keyid))
    return key.keytype, public.lower() if key.keytype == "ed25519" else public
