"""The client's logger (`VADEMECUM_LOG=debug` writes it to stderr)."""

import logging

logger = logging.getLogger("vademecum")
