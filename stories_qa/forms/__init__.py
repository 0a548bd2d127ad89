"""The host's forms: what a person typed, checked, in the shape that stories_qa.writing takes."""

from __future__ import annotations
