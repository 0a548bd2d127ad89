"""The plug-in's pages."""

from __future__ import annotations
