"""What a bad mirror does, for the tests of both runtimes."""

from __future__ import annotations

from support import faulty_pages as host
from support.faulty_pages import HTML, Fault
from vademecum.runtime.http import HttpLimits

QUICK = HttpLimits(connect=20.0, idle=0.4, total=1.2)
PATIENT = HttpLimits(connect=20.0, idle=20.0, total=40.0)
FAULTS: dict[str, tuple[Fault, HttpLimits]] = {
    "404": (host.not_found, PATIENT),
    "503": (host.status(503, Retry_After="7200"), PATIENT),
    "page": (host.body(HTML), PATIENT),
    "dropped": (host.drop(5), PATIENT),
    "hung up": (host.hang_up, PATIENT),
    "endless": (host.endless, PATIENT),
    "stalled": (host.stall, QUICK),
    "one byte at a time": (host.trickle, QUICK),
}
