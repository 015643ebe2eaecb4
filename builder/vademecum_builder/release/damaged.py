"""What can still be read of a tree whose timestamp is lost: nothing leads from the root to the targets any more."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tuf.api.metadata import Metadata, Targets

from vademecum.errors import VademecumError
from vademecum.trust.channel import CUSTOM, channel_names, read_line
from vademecum.trust.floor import ANY_TIME
from vademecum.trust.metadata import TIMESTAMP, Trust
from vademecum_builder.release.channels import Channels
from vademecum_builder.signing.metadata import check_signed


def lacks_timestamp(out: Path, root: bytes) -> bool:
    """Return whether what lies there as a timestamp is none that anybody signed.

    That is: no metadata at all, or said to be signed by keys that the root names, and it is not. What another key has
    signed may be a stranger's tree, and is none of a damaged disk's making.
    """
    try:
        trust, data = Trust(root, ANY_TIME), (out / TIMESTAMP).read_bytes()
    except (VademecumError, OSError):
        return False
    return trust.claims("timestamp", data) and not trust.signs("timestamp", data)


def channels_left(out: Path, root: bytes) -> Channels:
    """Return what the newest targets say that the root's keys have signed; nothing where there are none."""
    found = {int(path.name.split(".")[0]): path for path in out.glob("metadata/[1-9]*.targets.json")}
    for version in sorted(found, reverse=True):
        with suppress(VademecumError, OSError):
            data = found[version].read_bytes()
            check_signed(data, f"metadata/{version}.targets.json", [root])
            return _channels(data)
    return {}


def _channels(data: bytes) -> Channels:
    signed = Metadata[Targets].from_bytes(data).signed

    def target(path: str) -> tuple[str, int]:
        return signed.targets[path].hashes["sha256"], signed.targets[path].length

    custom = signed.unrecognized_fields.get(CUSTOM)
    return {name: read_line(custom, name, target) for name in channel_names(data)}
