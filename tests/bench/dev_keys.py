"""Fixed development keys: the same bytes in every run of a benchmark. Never for anything that is published."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from vademecum_builder.signing.root import new_keys


def make_keys(folder: Path) -> Path:
    """Write the keys and their root metadata into `folder`; return it."""
    signers = [CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)) for seed in (1, 2)]
    with patch.object(CryptoSigner, "generate_ed25519", side_effect=signers):
        new_keys(folder, datetime.now(UTC))
    return folder
