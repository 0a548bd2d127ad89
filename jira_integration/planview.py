"""A plan as its page shows it: counts, items in the order of urgency, differences, what speaks against sending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Case, Count, DateTimeField, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.badges import SIGNS, Sign
from jira_integration.catalogue import Action, Explained, explain
from jira_integration.conf import conf, story_source
from jira_integration.contracts import Act, Kind, ProjectInfo
from jira_integration.export.expiry import kept_days
from jira_integration.mapping.metadata import stored
from jira_integration.models import ExportedTicket, ExportPlan, PlannedTicket
from jira_integration.plan_rows import ItemView
from jira_integration.promise import expected_words
from jira_integration.run_counts import counted_kinds
from jira_integration.run_rows import stories_of
from jira_integration.runview import fingerprint, shared
from jira_integration.standing import stale_mapping
from jira_integration.untrusted import visible

ROWS = 50
ORDER = ("blocked", "conflict", "close", "update", "create", "unchanged")
STRIP = ("create", "update", "close", "unchanged", "conflict", "blocked")
CAUSES_MOST = 6  # findings listed under "Checks"
NAMED_MOST = 5  # issues that changed since, named in the message


class Check(NamedTuple):
    tone: str  # ok, warn or bad
    words: str
    action: Action | None = None


class Closing(NamedTuple):
    """A removed test case whose issue may be closed."""

    ref: str
    words: str
    ticked: bool


class PlanView:
    """Everything the preview shows, read when asked for."""

    def __init__(self, plan: ExportPlan, project: ProjectInfo, show: str = "all") -> None:
        self.plan, self.project = plan, project
        self.show = show if show in STRIP else "all"

    @property
    def connection(self) -> Any:
        return self.plan.mapping.connection

    @cached_property
    def facts(self) -> dict[str, Any]:
        mapping = self.plan.mapping
        return {
            "project_key": self.project.key,
            "project": self.project.name,
            "connection_id": mapping.connection_id,
            "site": self.connection.host,
            "account": self.connection.account_name or self.connection.user_name,
            "jira_project": mapping.jira_project_key,
            "by": mapping.saved_by or _("Someone"),
        }

    @cached_property
    def stale_mapping(self) -> list[Explained]:
        """What Jira has no more of what the mapping relies on."""
        return stale_mapping(self.project, self.plan.mapping)

    @property
    def total(self) -> int:
        return sum(int(count) for count in self.plan.counts.values())

    @property
    def strip(self) -> list[tuple[Sign, int]]:
        counts = [(SIGNS[code], int(self.plan.counts.get(code, 0))) for code in STRIP]
        return [(sign, count) for sign, count in counts if count or sign.code != "close"]

    def items(self) -> QuerySet[PlannedTicket]:
        """In the order blocked, conflict, update, create, no change; inside, the backlog's."""
        rank = Case(
            *(When(action=action, then=Value(rank)) for rank, action in enumerate(ORDER)),
            output_field=IntegerField(),
        )
        # Bodies and what Jira held stay in the database: the page shows the differences.
        items = self.plan.items.defer("template", "seen")
        items = items if self.show == "all" else items.filter(action=self.show)
        return items.order_by(rank, "position")

    def shown(self, rows: list[PlannedTicket], *, first_page: bool) -> list[ItemView]:
        """Open by default: problems, and the first update and the first create."""
        snapshots = list(story_source().snapshots(self.plan.project_ref, [row.story_ref for row in rows]))
        urls = {snapshot.ref: snapshot.url for snapshot in snapshots}
        under = stories_of(self.plan.project_ref, snapshots)
        made, seen = [], set()
        for row in rows:
            first = first_page and row.action in ("update", "create") and row.action not in seen
            seen.add(row.action)
            opened = first or row.action == PlannedTicket.Action.BLOCKED
            case_of = under.get(row.story_ref, "")
            gone = self.plan.emptied_at is not None
            url = urls.get(row.story_ref, "")
            made.append(ItemView(row, self.facts, url=url, opened=opened, emptied=gone, under=case_of))
        return made

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Kind → how many would be sent."""
        sendable = self.plan.items.filter(action__in=PlannedTicket.WRITES).order_by()
        return dict(sendable.values_list("kind").annotate(n=Count("pk")))

    @property
    def chosen_words(self) -> str:
        counted = self.plan.items.order_by().values_list("kind").annotate(n=Count("pk"))
        return counted_kinds(dict(counted))

    @property
    def sendable_words(self) -> str:
        return counted_kinds(self.kinds)

    @cached_property
    def types(self) -> list[str]:
        """ "4 Story", in Jira's own words where they are known."""
        mapping = self.plan.mapping
        known = stored(self.connection, mapping.jira_project_id)
        words = []
        for kind, count in self.kinds.items():
            issue_type = known[0].type(mapping.type_id(kind)) if known else None
            words.append(f"{count} {issue_type.name}" if issue_type else counted_kinds({kind: count}))
        return words

    @cached_property
    def test_words(self) -> str:
        """What "Include test cases" means here and now."""
        if not self.plan.with_tests:
            return _("They are left out of this export")
        count = self.plan.items.filter(kind=Kind.TEST.value).count()
        if self.plan.mapping.test_target == self.plan.mapping.TestTarget.SUBTASK:
            return ngettext("%(n)d sub-task of its story", "%(n)d sub-tasks of their stories", count) % {"n": count}
        return ngettext("%(n)d linked issue", "%(n)d linked issues", count) % {"n": count}

    @cached_property
    def closing(self) -> list[Closing]:
        """Removed test cases whose issues are closed by this plan, and those that a person chose to leave open."""
        rows = (
            self.plan.items.filter(action="close").order_by("position").values_list("story_ref", "story_key", "title")
        )
        left = ExportedTicket.objects.filter(
            connection=self.connection, project_ref=self.plan.project_ref, story_ref__in=self.plan.left_open
        ).exclude(unlinked_at__isnull=False)
        return [
            *(Closing(ref, f"{key} {visible(title)}", ticked=True) for ref, key, title in rows),
            *(
                Closing(one.story_ref, f"{one.story_key} ({one.issue_key})", ticked=False)
                for one in left.order_by("pk")
            ),
        ]

    @cached_property
    def moves(self) -> int:
        """How many issues are to be moved to another status after they were written."""
        sendable = self.plan.items.filter(action__in=["create", "update"])
        return sendable.exclude(status_to={}).count()

    @property
    def left_out(self) -> int:
        return self.total - self.plan.sendable

    @property
    def time(self) -> str:
        """ "6 s, as fast as the last 3 runs": where the figure comes from is said with it."""
        return expected_words(self.plan)

    @cached_property
    def checks(self) -> list[Check]:
        """What was looked at, what was found how often. A cause that stories share is one line that mends it once."""
        mapping = self.plan.mapping
        found: Counter[tuple[str, bool]] = Counter()
        examples: dict[str, tuple[str, dict[str, Any]]] = {}
        # Equal ones are counted by the database: of ten thousand stories with the same problem comes one row.
        told = self.plan.items.exclude(findings=[]).order_by().values_list("kind", "findings")
        for kind, findings, count in told.annotate(n=Count("pk")):
            for one in findings:
                cause = fingerprint(one["code"], one.get("values", {}))
                examples.setdefault(cause, (one["code"], {"kind": kind, **shared(one.get("values", {}))}))
                found[cause, bool(one.get("blocking"))] += count
        codes = {code for code, _values in examples.values()}
        made: list[Check] = []
        for one in self.plan.checks:
            tone = {"ok": "ok", "bad": "bad"}.get(str(one.get("state")), "warn")
            made.append(Check(tone, explain(one["code"], {**self.facts, **one.get("values", {})}).title))
        known = stored(self.connection, mapping.jira_project_id)
        if known and known[0].permissions.get("CREATE_ISSUES"):
            made.append(Check("ok", _("%(account)s may create in %(jira_project)s") % self.facts))
        if not codes & {"required_field", "required_value"}:
            made.append(Check("ok", _("All required fields have a value")))
        if not codes & {"value_not_allowed", "priority_not_allowed", "value_not_mapped", "value_malformed"}:
            made.append(Check("ok", _("All values exist in %(jira_project)s") % self.facts))
        for (cause, blocking), count in found.most_common(CAUSES_MOST):
            code, values = examples[cause]
            words = explain(code, {**self.facts, **values})
            several = (f"{count} × {words.title}", words.action) if count > 1 else (words.title, None)
            made.append(Check("bad" if blocking else "warn", *several))
        return made

    @cached_property
    def moved(self) -> list[str]:
        """Keys of issues that changed in Jira after this plan looked at them, by Jira's own clock."""
        tickets = ExportedTicket.objects.filter(uid=OuterRef("uid")).values("jira_updated_at")
        return list(
            self.plan.items.exclude(seen_updated_at=None)
            .annotate(now_at=Subquery(tickets[:1], output_field=DateTimeField()))
            .filter(now_at__gt=F("seen_updated_at"))
            .order_by("position")
            .values_list("issue_key", flat=True)[: NAMED_MOST + 1]
        )

    @cached_property
    def stale(self) -> Explained | None:
        """What speaks against sending a plan that is ready: the worst first."""
        plan = self.plan
        if plan.state != ExportPlan.State.READY or plan.jira_read_at is None:
            return None
        if plan.mapping_version != plan.mapping.version:
            return explain("mapping_changed_since_preview", self.facts)
        if self.moved:
            return None  # said with the keys, see `moved_words`
        if timezone.now() - plan.jira_read_at > timedelta(seconds=conf.PLAN_STALE_SECONDS):
            read_at = timezone.localtime(plan.jira_read_at).strftime("%H:%M")
            return explain("plan_stale", {**self.facts, "read_at": read_at})
        return None

    @property
    def emptied(self) -> Explained | None:
        """That the bodies are gone, by age."""
        if self.plan.emptied_at is None:
            return None
        return explain("plan_emptied", {**self.facts, "days": kept_days()})

    @property
    def moved_words(self) -> str:
        if self.plan.state != ExportPlan.State.READY or not self.moved:
            return ""
        keys = ", ".join(self.moved[:NAMED_MOST])
        return f"{keys} …" if len(self.moved) > NAMED_MOST else keys

    @property
    def trouble(self) -> Explained | None:
        """Why it could not be built."""
        if self.plan.state != ExportPlan.State.FAILED:
            return None
        return explain(self.plan.error_code or "unknown", {**self.facts, **self.plan.error_values})

    @property
    def nothing(self) -> str:
        """In place of the button when nothing would be sent."""
        counts: Mapping[str, int] = self.plan.counts
        if not self.total:
            return str(explain("empty_plan", self.facts))
        blocked, conflict = int(counts.get("blocked", 0)), int(counts.get("conflict", 0))
        if not blocked and not conflict:
            return _("Jira already has all of this.")
        parts = []
        if blocked:
            parts.append(ngettext("%(n)d is blocked", "%(n)d are blocked", blocked) % {"n": blocked})
        if conflict:
            parts.append(ngettext("%(n)d is in conflict", "%(n)d are in conflict", conflict) % {"n": conflict})
        return _("Nothing to send. %(parts)s.") % {"parts": ", ".join(parts)}

    @property
    def bar_total(self) -> int:
        return max(1, self.plan.total, self.plan.progress)

    @property
    def progress_words(self) -> str:
        """ "1,200" of the items that are planned, while it is being built."""
        return f"{self.plan.progress:,}"

    @property
    def total_words(self) -> str:
        return f"{max(self.plan.total, self.plan.progress):,}"

    @cached_property
    def so_far(self) -> list[tuple[Sign, int]]:
        """What was decided about the items that are planned, while it is being built."""
        counted = dict(self.plan.items.order_by().values_list("action").annotate(n=Count("pk")))
        return [(SIGNS[code], counted[code]) for code in STRIP if counted.get(code)]

    @property
    def bar_width(self) -> str:
        return f"{100 * self.plan.progress / self.bar_total:.2f}%"

    @cached_property
    def admins(self) -> list[str]:
        return list(story_source().who_may(self.project.ref, Act.ADMIN))[:2]

    @cached_property
    def exporters(self) -> list[str]:
        return list(story_source().who_may(self.project.ref, Act.EXPORT))[:2]
