"""vademecum's builder: from a folder of documents to a signed release on a static host."""

from __future__ import annotations
