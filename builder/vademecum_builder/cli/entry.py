"""Where the script `vade` begins: Ctrl-C while Python still imports prints no traceback."""

from __future__ import annotations

import signal


def main() -> int:
    """Run `vade` with the arguments of the process; return the exit code."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # a shell may have it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing has begun: nothing is to be told
    from vademecum_builder.cli.main import main as run

    signal.signal(signal.SIGINT, before)
    return run()
