"""The backlog of a small web shop that `make run` starts with."""

from __future__ import annotations
