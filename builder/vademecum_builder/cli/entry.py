"""The start of the script `vade`, so that Ctrl-C during imports prints no traceback."""

from __future__ import annotations

import signal


def main() -> int:
    """Run `vade` with the arguments of the process; return the exit code."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # a shell may have disabled it
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing has begun, so there is nothing to report
    from vademecum_builder.cli.main import main as run

    signal.signal(signal.SIGINT, before)
    return run()
