"""Renaming and deleting files where other programs look at them too: Windows."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

_WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between the tries of a rename that another program is in the way of."""


def patiently(change: Callable[[], object]) -> None:
    """Change a name in a folder, again after a while where Windows refuses it.

    There a virus scanner or an indexer that has just opened a file keeps it from being renamed, replaced or deleted
    (a sharing violation). It lets go after a moment; whoever does not is an error like any other.

    Raises:
        OSError: It is refused to the end, or for another reason.
    """
    for wait in _WAITS:
        try:
            change()
            return
        except OSError as error:
            if not (isinstance(error, PermissionError) or error.errno == errno.EBUSY):
                raise
            time.sleep(wait)
    change()
