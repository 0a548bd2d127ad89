"""A Jira to rehearse on: an ASGI program of its own that answers as Jira Cloud does.

It shares no code with the client or the text converters, so that a mistake there cannot be agreed with here.
docs/sandbox.md tells what it serves, how it is started and how tests command it.
"""

from __future__ import annotations
