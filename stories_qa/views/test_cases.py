"""Test cases: the list, the page of one, making, editing, deleting."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from stories_qa.access import project_view
from stories_qa.case_sheets import IN_ORDER, SHEETS, lines
from stories_qa.forms.rows import Rows
from stories_qa.forms.test_case import STEP_PARTS, TestCaseForm
from stories_qa.jira_source import with_sync
from stories_qa.lifetime import create, delete
from stories_qa.models import LastResult, Project, TestCase
from stories_qa.once import made_before, make_once
from stories_qa.templatetags.people import person_name
from stories_qa.views.pages import Part, see_other
from stories_qa.views.sections import SavedMeanwhile, fingerprint, save_section


def find(project: Project, key: str) -> TestCase:
    case = with_sync(TestCase.objects.filter(project=project, key=key)).select_related("story").first()
    if not isinstance(case, TestCase):
        raise Http404
    return case


def shown(case: TestCase) -> dict[str, Any]:
    return {
        "title": case.title,
        "story": case.story.key if case.story else "",
        "preconditions": case.preconditions,
        "last_result": case.last_result,
        "steps": list(case.steps.values(*STEP_PARTS)),
    }


@project_view("view")
@require_GET
def test_cases(request: HttpRequest, project: Project) -> HttpResponse:
    """`?q=` searches key and title, `?result=` is a last result; both may be left out."""
    matching = searched(request, project)
    counts = dict(matching.order_by().values_list("last_result").annotate(Count("pk", distinct=True)))
    result = request.GET.get("result", "")
    found = in_order(matching, result).select_related("story").annotate(step_count=Count("steps"))
    context = {
        "project": project,
        "part": Part(request, found),
        "sheets": [(code, sheet.name) for code, sheet in SHEETS.items()],
        "query": urlencode({name: value for name in ("q", "result") if (value := request.GET.get(name, ""))}),
        "results": [(value, word, counts.get(value, 0)) for value, word in LastResult.choices],
        "all_count": sum(counts.values()),
        "q": request.GET.get("q", ""),
        "result": result,
    }
    return render(request, "stories_qa/test_cases.html", context)


def searched(request: HttpRequest, project: Project) -> QuerySet[TestCase]:
    found = TestCase.objects.filter(project=project)
    for word in request.GET.get("q", "").split():
        found = found.filter(Q(key__icontains=word) | Q(title__icontains=word) | Q(story__key__iexact=word))
    return found


def in_order(cases: QuerySet[TestCase], result: str) -> QuerySet[TestCase]:
    found = cases.filter(last_result=result) if result else cases
    return found.order_by(*IN_ORDER)


@project_view("view")
@require_GET
def test_cases_csv(request: HttpRequest, project: Project, sheet: str) -> HttpResponse:
    """The test cases that the list shows, in the columns of a test tool's importer."""
    if sheet not in SHEETS:
        raise Http404
    found = in_order(searched(request, project), request.GET.get("result", ""))
    return HttpResponse(
        "".join(lines(found, SHEETS[sheet])),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{project.key}-test-cases-{sheet}.csv"'},
    )


def page(request: HttpRequest, project: Project, case: TestCase, status: int = 200, **more: Any) -> HttpResponse:
    context = {"project": project, "case": case, "steps": case.steps.all(), **more}
    return render(request, "stories_qa/test_case.html", context, status=status)


@project_view("view")
@require_GET
def test_case(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    return page(request, project, find(project, key))


def filled_in(request: HttpRequest, project: Project, now: dict[str, Any]) -> dict[str, Any]:
    """The form and its steps: as stored, or as posted with what a row button asked for done to them."""
    if request.method == "GET":
        rows = Rows.stored(now["steps"], STEP_PARTS)
        if not rows.rows:
            rows.rearrange("add")
        return {"form": TestCaseForm(initial=now, project=project), "rows": rows}
    rows = Rows.posted(request.POST, STEP_PARTS)
    if asked := request.POST.get("row"):
        typed = {name: request.POST.get(name, "") for name in TestCaseForm.base_fields}
        return {"form": TestCaseForm(initial=typed, project=project), "rows": rows, "said": rows.rearrange(asked)}
    rows.check()
    for row in rows.rows:
        if row.values["expected"] and not row.values["action"]:
            row.error = _("Say what to do before what to expect.")
    return {"form": TestCaseForm(request.POST, project=project), "rows": rows, "page_error": rows.has_errors()}


def is_good(parts: dict[str, Any]) -> bool:
    return bool(parts["form"].is_valid()) and not parts["rows"].has_errors()


@project_view("edit")
@require_http_methods(["GET", "POST"])
def test_case_edit(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    item = find(project, key)
    now = shown(item)
    parts = filled_in(request, project, now)
    context = {"editing": True, "seen": request.POST.get("seen") or fingerprint(now), **parts}
    if request.method == "GET" or request.POST.get("row"):
        return page(request, project, item, **context)
    if not is_good(parts):
        return page(request, project, item, status=422, **context)
    values = {**parts["form"].cleaned_data, "steps": parts["rows"].filled()}
    try:
        save_section(item, values, seen=context["seen"], shown=shown, by=person_name(request.user))
    except SavedMeanwhile:
        item = find(project, key)
        context |= {"meanwhile": True, "page_error": True, "seen": fingerprint(shown(item))}
        return page(request, project, item, status=409, **context)
    except LookupError:
        raise Http404 from None
    return see_other(item.get_absolute_url())


@project_view("edit")
@require_http_methods(["GET", "POST"])
def test_case_new(request: HttpRequest, project: Project) -> HttpResponse:
    if again := made_before(request):
        return see_other(again)
    empty = {"story": request.GET.get("story", "")[:24], "steps": []}
    parts = filled_in(request, project, empty)
    status = 200
    if request.method == "POST" and not request.POST.get("row"):
        if is_good(parts):
            values = {**parts["form"].cleaned_data, "steps": parts["rows"].filled()}
            by = person_name(request.user)
            return see_other(make_once(request, lambda: create(TestCase, project, values, by=by).get_absolute_url()))
        status = 422
    return render(request, "stories_qa/test_case_new.html", {"project": project, **parts}, status=status)


@project_view("edit")
@require_http_methods(["GET", "POST"])
def test_case_delete(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    item = find(project, key)
    if request.method == "POST":
        delete(item, by=person_name(request.user))
        messages.success(request, _("%(key)s is deleted.") % {"key": key})
        return see_other(reverse("stories_qa:test_cases", args=[project.key]))
    return render(request, "stories_qa/delete.html", {"project": project, "item": item, "kind": "test"})
