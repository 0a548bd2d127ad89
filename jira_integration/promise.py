"""What the preview promised beside what happened: requests and seconds."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.models import ExportPlan, ExportRun
from jira_integration.timewords import span

CLOSE = 1.25  # times the promise, up or down, that nobody needs a word about
SHORT_SECONDS = 2.0


def expected_words(plan: ExportPlan) -> str:
    """ "6 s, as fast as the last 3 runs", or that it is a guess."""
    words = span(max(1.0, plan.seconds_expected))
    if not plan.measured_runs:
        return _("%(span)s, a guess: no run of this site was measured yet") % {"span": words}
    how = ngettext("as fast as the last run", "as fast as the last %(n)d runs", plan.measured_runs)
    return _("%(span)s, %(how)s") % {"span": words, "how": how % {"n": plan.measured_runs}}


@dataclass(frozen=True)
class Kept:
    """A promise and what became of it; `words` only where they differ."""

    requests: str
    seconds: str
    words: str


def kept(run: ExportRun, took: float | None) -> Kept:
    """For the run page. Why it differs is told by what the run met; where it met nothing, that is said."""
    plan = run.plan
    promised = {"sent": run.requests, "promised": plan.requests_expected}
    requests = _("%(sent)d sent, %(promised)d promised") % promised
    seconds = _("%(span)s promised") % {"span": span(max(1.0, plan.seconds_expected))}
    if took is not None:
        seconds = _("%(took)s, %(promised)s") % {"took": span(took), "promised": seconds}
    if run.state not in ExportRun.ENDED:
        return Kept(requests, seconds, "")
    late = took is not None and took > max(SHORT_SECONDS, CLOSE * plan.seconds_expected)
    if run.requests == plan.requests_expected and not late:
        return Kept(requests, seconds, "")
    met = set(run.events.values_list("code", flat=True).distinct())
    reasons = [words for codes, words in _reasons() if met & set(codes)]
    if not reasons:
        reasons = [_("Jira answered faster or slower, or needed other steps than the preview could know.")]
    return Kept(requests, seconds, " ".join(reasons))


def _reasons() -> list[tuple[tuple[str, ...], str]]:
    return [
        (("no_answer", "looked_up"), _("Answers got lost, and what was sent was looked up.")),
        (("waiting",), _("It had to wait.")),
        (("paused", "paused_by_person"), _("It was paused.")),
        (("worker_lost",), _("A worker stopped in the middle; what it read in its last seconds is not counted.")),
        (("stopped_by_person", "cancelled_by_person"), _("It was stopped.")),
        (("continued_by_person", "created_anyway"), _("It was continued by a person.")),
    ]
