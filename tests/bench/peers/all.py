"""The peers, in the order of the table."""

from __future__ import annotations

from .casync import Casync
from .patches import Bsdiff, Gzip, Xdelta3, Zstd
from .peer import Peer
from .rsync import Rsync
from .zsync import Zsync

PEERS: tuple[Peer, ...] = (Gzip(), Zstd(), Bsdiff(), Xdelta3(), Rsync(), Zsync(), Casync())
