"""How far a run is: its counts by state, the bar, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.badges import ITEM
from jira_integration.models import ExportRun, RunItem
from jira_integration.timewords import span

State = RunItem.State
FILTERS: Mapping[str, tuple[str, ...]] = {
    "all": tuple(State.values),
    "needs": (State.FAILED, State.UNCONFIRMED, State.MOVED_ON),
    "progress": (State.SENDING,),
    "done": (State.CREATED, State.UPDATED, State.UNCHANGED, State.UNDONE),
    "queued": (State.QUEUED,),
    "out": (State.SKIPPED, State.NOT_SENT),
}
DOTS = {
    "created": "ok",
    "updated": "ok",
    "unchanged": "ok",
    "failed": "bad",
    "unconfirmed": "warn",
    "moved_on": "warn",
    "sending": "info",
}


@dataclass(frozen=True)
class Segment:
    """A piece of the progress bar, in percent."""

    css: str
    start: str
    width: str


@dataclass
class Progress:
    """The counts of a run and what is said of them."""

    run: ExportRun
    counts: Mapping[str, int]

    @classmethod
    def of(cls, run: ExportRun) -> Progress:
        found = run.items.order_by().values_list("state").annotate(n=Count("pk"))
        return cls(run, dict.fromkeys(State.values, 0) | dict(found))

    def of_filter(self, name: str) -> int:
        return sum(self.counts[state] for state in FILTERS[name])

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def finished(self) -> int:
        return self.total - self.counts["queued"] - self.counts["sending"] - self.counts["not_sent"]

    @property
    def well(self) -> int:
        return self.of_filter("done")

    @property
    def failed(self) -> int:
        return self.counts["failed"]

    @property
    def segments(self) -> list[Segment]:
        made, start = [], 0.0
        for css, count in (
            ("f-ok", self.well),
            ("f-bad", self.failed),
            ("f-warn", self.counts["unconfirmed"] + self.counts["moved_on"]),
            ("f-run", self.counts["sending"]),
        ):
            width = 100 * count / (self.total or 1)
            if count:
                made.append(Segment(css, f"{start:.2f}%", f"{width:.2f}%"))
            start += width
        return made

    @property
    def legend(self) -> list[tuple[str, int, str]]:
        """(dot, number, word) of every state that occurs."""
        return [
            (DOTS.get(code, ""), self.counts[code], str(badge.word).lower())
            for code, badge in ITEM.items()
            if self.counts.get(code)
        ]

    @property
    def text(self) -> str:
        """For aria-valuetext: "15 of 24 finished: 13 done, 1 failed, 1 unconfirmed"."""
        parts = [_("%(n)d done") % {"n": self.well}]
        if self.failed:
            parts.append(_("%(n)d failed") % {"n": self.failed})
        if self.counts["unconfirmed"]:
            parts.append(_("%(n)d unconfirmed") % {"n": self.counts["unconfirmed"]})
        return f"{self.sentence}: {', '.join(parts)}"

    @property
    def sentence(self) -> str:
        return _("%(done)d of %(total)d finished") % {"done": self.finished, "total": self.total}

    @property
    def announcement(self) -> str:
        """What is read out; live.js says it at most every ten seconds, or at once when `urgency` changes."""
        if self.run.state in ExportRun.ENDED:
            return self.summary
        word = str(ExportRun.State(self.run.shown_state).label)
        failed = (
            " " + ngettext("%(n)d failed.", "%(n)d failed.", self.failed) % {"n": self.failed} if self.failed else ""
        )
        return f"{word}. {self.sentence}.{failed}"

    @property
    def urgency(self) -> str:
        return f"{self.run.shown_state} {'failed' if self.failed else ''}"

    @property
    def quarter(self) -> int:
        return 4 * self.finished // (self.total or 1)

    @property
    def summary(self) -> str:
        """The sentence at the top of a run that ended."""
        tried = self.total - self.of_filter("out")
        parts = [
            ngettext("%(well)d of %(count)d item is in Jira.", "%(well)d of %(count)d items are in Jira.", self.total)
            % {"well": self.well, "count": self.total}
        ]
        if self.run.plan.undoes_id is not None:
            words = ngettext(
                "%(well)d of %(count)d item is taken back.", "%(well)d of %(count)d items are taken back.", self.total
            )
            parts = [words % {"well": self.well, "count": self.total}]
        elif self.total == self.well:
            parts = [ngettext("It is in Jira.", "All %(count)d items are in Jira.", tried) % {"count": tried}]
        for state, words in (
            ("failed", _("%(n)d failed")),
            ("unconfirmed", _("%(n)d unconfirmed")),
            ("moved_on", _("%(n)d changed since the preview")),
            ("not_sent", _("%(n)d not sent")),
            ("skipped", _("%(n)d left out in the preview")),
        ):
            if self.counts[state]:
                parts.append(words % {"n": self.counts[state]})
        return parts[0] + (f" {', '.join(parts[1:])}." if parts[1:] else "")

    @property
    def left(self) -> str:
        """ "about 25 s left", from the pace so far; nothing while that says nothing."""
        run = self.run
        sent = self.counts["created"] + self.counts["updated"] + self.failed
        if run.shown_state != ExportRun.State.RUNNING or run.started_at is None or sent < 5:
            return ""
        pace = (timezone.now() - run.started_at).total_seconds() / sent
        rest = self.counts["queued"] + self.counts["sending"]
        return _("about %(span)s left") % {"span": span(max(1, pace * rest))} if rest else ""


def counted_kinds(counts: Mapping[str, int]) -> str:
    """{"epic": 2, "story": 7} as "2 epics and 7 stories"."""
    words = [
        ngettext("%(n)d epic", "%(n)d epics", counts.get("epic", 0)) % {"n": counts.get("epic", 0)},
        ngettext("%(n)d story", "%(n)d stories", counts.get("story", 0)) % {"n": counts.get("story", 0)},
        ngettext("%(n)d test case", "%(n)d test cases", counts.get("test", 0)) % {"n": counts.get("test", 0)},
    ]
    present = [word for word, kind in zip(words, ("epic", "story", "test"), strict=True) if counts.get(kind)]
    if not present:
        return words[1]
    return present[0] if len(present) == 1 else f"{', '.join(present[:-1])} {_('and')} {present[-1]}"
