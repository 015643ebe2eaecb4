"""What directives and roles of Sphinx and its extensions show, in reStructuredText and in MyST."""

from __future__ import annotations

import re

LABELS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
    "seealso": "See also",
}
COLUMNS = re.compile(r"[\d ]+")
"""Numbers of columns in `.. grid:: 1 2 3`."""
ICONS = re.compile(r"octicon|material-\w+|fa[brs]?")
"""Roles of sphinx-design whose text names a picture."""
