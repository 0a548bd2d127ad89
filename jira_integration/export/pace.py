"""How long a run takes, said before it starts: from how fast this connection's last runs went."""

from __future__ import annotations

from statistics import median

from jira_integration.models import ExportRun

LOOKED_AT = 5  # runs, the newest
GUESS_SECONDS = 0.8  # a request to Jira Cloud, about; said as a guess where nothing was measured
# What makes a run last longer than its requests do.
HELD_UP = (
    "waiting",
    "paused",
    "paused_by_person",
    "worker_lost",
    "no_answer",
    "stopped_by_person",
    "continued_by_person",
)


def expected_seconds(connection_id: int, requests: int) -> tuple[float, int]:
    """(seconds, runs they were measured from): the median seconds per request of the last runs that nothing held up;
    0 runs: a guess."""
    runs = ExportRun.objects.filter(
        connection_id=connection_id,
        state__in=[ExportRun.State.DONE, ExportRun.State.PARTLY_DONE],
        requests__gt=0,
        started_at__isnull=False,
        finished_at__isnull=False,
    ).exclude(events__code__in=HELD_UP)
    measured = [
        (ended - begun).total_seconds() / count
        for begun, ended, count in runs.order_by("-finished_at").values_list("started_at", "finished_at", "requests")[
            :LOOKED_AT
        ]
        if begun and ended
    ]
    return requests * (median(measured) if measured else GUESS_SECONDS), len(measured)
