"""How an epic stands with Jira: as badly as the worst of it and its stories, and how many of these match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Count
from django.utils.translation import gettext as _

from stories_qa.jira_source import with_sync
from stories_qa.models import Epic, Project, Story

# Worst first. What never was in Jira, or is kept out of it, is no trouble of the epic; the count says it.
WORST = ("conflict", "missing", "failed", "changed_here", "changed_in_jira", "unchecked")


def stand(project: Project, epics: Sequence[Epic]) -> None:
    """Give epics that went through `with_sync` the attributes `in_sync`, `changed_here` and `story_count`, and make
    `jira_state` the worst of it; `worst_words` says so when it is a story's and not the epic's own. One query."""
    stories = with_sync(Story.objects.filter(project=project, epic__in=[epic.pk for epic in epics]))
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for epic_id, state, number in stories.order_by().values_list("epic", "jira_state").annotate(n=Count("pk")):
        counts[epic_id][state] = number
    for epic in epics:
        states = counts[epic.pk]
        own = epic.jira_state  # type: ignore[attr-defined]  # annotated by with_sync
        worst = next((state for state in WORST if state == own or state in states), own)
        words = ""
        if worst != own:
            words = _("The worst of its stories: %(count)d of them.") % {"count": states[worst]}
        epic.__dict__ |= {
            "jira_state": worst,
            "worst_words": words,
            "in_sync": states.get("in_sync", 0),
            "changed_here": states.get("changed_here", 0) + (own == "changed_here"),
            "story_count": sum(states.values()),
        }
