"""A second host, as small as one can be: stories in a dictionary, Django's own users, one template of its own."""

from __future__ import annotations
