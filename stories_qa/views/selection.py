"""Ticking stories, and what can be done with the ticked ones here; the export's preview is the plug-in's."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from stories_qa.access import project_view
from stories_qa.listing import filter_stories
from stories_qa.models import Epic, Project, Status, Story
from stories_qa.selection import Selection, clean_query
from stories_qa.templatetags.people import person_name
from stories_qa.views.stories import bar_context, list_url


@project_view("edit")
@require_POST
def selection(request: HttpRequest, project: Project) -> HttpResponse:
    """`do` says what: add, remove (`story` repeated, or `epic=<key>`: all of it under the filter), page (exactly the
    ticked ones of `shown`), all (everything under `filter`), clear, status or epic (set `value` on all selected).

    For htmx the answer is the bar; without scripts, 303 back to the list.
    """
    query = clean_query(QueryDict(request.POST.get("filter", "")))
    chosen = Selection(request, project)
    keys = request.POST.getlist("story")
    if epic := request.POST.get("epic_group"):
        wanted = None if epic == "none" else epic
        keys += filter_stories(project, QueryDict(query)).filter(epic__key=wanted).values_list("key", flat=True)
    match request.POST.get("do"):
        case "add":
            chosen.add(keys)
        case "remove":
            chosen.remove(keys)
        case "page":
            chosen.remove(request.POST.getlist("shown"))
            chosen.add(keys)
        case "all":
            chosen.take_all(query)
        case "clear":
            chosen.clear()
        case "status":
            set_on_all(request, chosen, "status", request.POST.get("value", ""))
        case "epic":
            set_on_all(request, chosen, "epic", request.POST.get("value", ""))
    if request.headers.get("HX-Request") != "true":
        return redirect(list_url(project, query))
    total = filter_stories(project, QueryDict(query)).count()
    return render(request, "stories_qa/_selection_bar.html", bar_context(chosen, query, total))


def set_on_all(request: HttpRequest, chosen: Selection, column: str, value: str) -> None:
    """Set status or epic on every selected story that has another one; one statement, however many they are."""
    new: str | Epic | None
    if column == "status":
        if value not in Status.values:
            return
        new, word = value, str(Status(value).label)
    else:
        new = Epic.objects.filter(project=chosen.project, key=value).first()
        if new is None and value != "none":
            return
        word = new.title if new else _("No epic")
    stories = Story.objects.filter(project=chosen.project, key__in=chosen.keys)
    others = stories.exclude(**{f"{column}__isnull": True}) if new is None else stories.exclude(**{column: new})
    if isinstance(new, Epic):
        others = others | stories.filter(epic=None)
    count = others.update(
        **{column: new}, version=F("version") + 1, updated_by=person_name(request.user)[:150], updated_at=timezone.now()
    )
    said = ngettext("%(count)d story changed: %(word)s.", "%(count)d stories changed: %(word)s.", count)
    messages.success(request, said % {"count": count, "word": word})
