"""The local profile in one command: `python -m config.supervisor` (`make run`).

Starts Valkey, migrates, seeds, then keeps the web server, a Celery worker with beat and the sandbox Jira running
until Ctrl-C. Production has no supervisor of ours: there each process belongs to the platform.
"""

from __future__ import annotations
