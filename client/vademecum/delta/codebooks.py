"""The codebooks of packs: heads of deflate blocks that are never sent (format.md, section 4.4).

Each is the three bits of a last dynamic block and the lengths of its codes (RFC 1951, 3.2.7), whole bytes. Put before
the bits of a pack, it makes a raw deflate stream. Frozen with the format; tests/bench/codebooks.py made them.
"""

from __future__ import annotations

from typing import Final

TEXTS: Final = bytes.fromhex(
    "edfd07802b479aa089c91bc87b2fe562b56255350ae47b24bb7bd843deb27bbaf7a89b6573a73937bba2b85416905595"
    "fd804c3412a87ad5d773a2bcf72b69579a91f7f6e4bd3b79efbda7bcf7dee08fdf84cb4ca08082cb0482bbd37c0f4844"
    "46feff97117ffc8e"
)
VECTORS: Final = bytes.fromhex(
    "05e00d80e4588220660100000000807d360000be9d993d03c0ed7455f5ec0178bbf2af7a0ddc544648913507dece909e"
    "14d96b3c95d27b4fca1a7353a9f7a7ac393c95d27b4fca1ae3ed0ce94991bd869bca9014597380b72bffaad7fcdc4e57"
    "55cf1ebfbe9d993df30ff6d9fc7e"
)
"""For vectors of 4 bits: two components a byte, each normally distributed."""

DIFFERENCES: Final = (
    bytes.fromhex("05e0030045011424549c5b5555d5ccafaaaaea67dbb66ddbb66ddbb66ddbb66d635e5cbf3d"),
    bytes.fromhex(
        "05e00100405b9405d4acf301f0f7790380b97f00c0000000000000000000000000000080aaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaea4f555555b3ef545555735b"
    ),
    bytes.fromhex(
        "05e0058085519aa469bd711b0080fe234e0e000093e766e156d983fbe0eeeeeeeeeeeeeeeeeeeeeeb2dbb3eef367ad5b"
        "659c9cf5ddb9df3e"
    ),
    bytes.fromhex(
        "05e00d8020d9b326fc3c71ea026e9d88c85ec076c6c9fa0398caea7901bcd37701c00200000000000000000000000000"
        "dc05005b3d0b60a74fd6f8662a9fc85edfdb197e"
    ),
    bytes.fromhex(
        "05e0078024c99530e6bd1735a024a22bde8bac012511531191d97b72b79d59d503ca11d3d5b3f8e57fec004779890752"
        "de53de7befbdb7a4bc2770949778e859fcf23f76aa7a403962ba22b2f7e46e3be345d6809288a9087d"
    ),
)
"""For differences between a vector of 4 bits and one like it, the most alike first."""
