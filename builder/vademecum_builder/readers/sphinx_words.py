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
OF_CODE = "what autodoc and Breathe take from code is there only by name: build the rendered site"
UNSEEN = re.compile(
    r"toctree|contents|index|meta|highlight|rst-class|cssclass|role|default-(?:role|domain)|title|header|"
    r"footer|sectnum|section-numbering|date|target-notes|(?:current)?module|tabularcolumns|todo|todolist|ifconfig|testsetup|"
    r"testcleanup|(?:di)?graph|graphviz|inheritance-diagram|mermaid|plantuml|uml|bibliography|\w*author"
)
"""Directives that show nothing, or what needs running code or the whole project. `todo` is private by default."""
