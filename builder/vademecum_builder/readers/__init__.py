"""Readers: the text of one raw file becomes titled sections of plain text blocks."""

from __future__ import annotations
