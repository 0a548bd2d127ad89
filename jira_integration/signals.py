"""What observers can listen to. Sent after the transaction that caused it has been committed.

`run_finished`: provides `run` (ExportRun). `ticket_changed`: provides `ticket` (ExportedTicket).
`conflict_found`: provides `ticket`, `fields` (list of story field keys).
`plan_confirmed`: a person sent a preview; provides `run` (its plan's `story_refs` are what was chosen), `request`.
"""

from __future__ import annotations

from django.dispatch import Signal

run_finished = Signal()
ticket_changed = Signal()
conflict_found = Signal()
plan_confirmed = Signal()
