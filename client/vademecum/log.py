"""The log: what the client does, for whoever looks into a fault (`VADEMECUM_LOG=debug`)."""

import logging

logger = logging.getLogger("vademecum")
