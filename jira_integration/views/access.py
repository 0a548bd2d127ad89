"""Who may see what: every page of the plug-in goes through one of these two decorators.

The whole table, each address with each role: docs/roles.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.models import JiraConnection

P = ParamSpec("P")
ProjectView = Callable[Concatenate[HttpRequest, ProjectInfo, P], HttpResponseBase]
SiteView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    project: ProjectInfo | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render a page inside the host's frame. Templates see `base_template`, `project`, `may_export`, `may_admin`."""
    source = story_source()
    frame: dict[str, Any] = {"base_template": source.base_template(request), "project": project}
    if project is not None:
        frame["may_export"] = source.may(request.user, project.ref, Act.EXPORT)
        frame["may_admin"] = source.may(request.user, project.ref, Act.ADMIN)
    return render(request, f"jira_integration/{template}", {**frame, **context}, status=status)


def not_allowed(request: HttpRequest, project: ProjectInfo, act: Act) -> HttpResponse:
    """403 that says who may, so that the person knows whom to ask."""
    who = list(story_source().who_may(project.ref, act))[:3]
    return page(request, "not_allowed.html", {"act": act.value, "who": who}, project=project, status=403)


def for_project(act: Act) -> Callable[[ProjectView[P]], Callable[..., HttpResponseBase]]:
    """Make a view of a project out of `view(request, project: ProjectInfo, …)`; the address gives `project=<key>`.

    Nobody signed in: to the sign-in page. No such project, or one this person may not even look at: 404, so that
    names of projects do not leak. A member whose role is too small: 403 with the names of those who may.
    """

    def decorate(view: ProjectView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, project: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            source = story_source()
            found = source.project(project)
            if found is None or not source.may(request.user, found.ref, Act.VIEW):
                raise Http404
            if not source.may(request.user, found.ref, act):
                return not_allowed(request, found, act)
            return view(request, found, *args, **kwargs)

        return checked

    return decorate


def admin_projects(user: Any) -> list[ProjectInfo]:
    """The projects whose connection and mapping this person may change."""
    source = story_source()
    return [project for project in source.projects_for(user) if source.may(user, project.ref, Act.ADMIN)]


def looks_after(user: Any, connection: JiraConnection) -> bool:
    """Whether this person may change a connection or put a backlog of theirs on it: an admin of a backlog that it
    serves. One that serves none belongs to whoever made it, and to the site's superusers.

    Being an admin somewhere is not enough: anybody signed in can make a project, and would then export with the
    sign-in of others. docs/decisions/0017-who-looks-after-a-connection.md
    """
    served = list(connection.mappings.values_list("project_ref", flat=True))
    if not served:
        return bool(user.is_superuser or connection.created_by_id == user.pk)
    source = story_source()
    return any(source.may(user, ref, Act.ADMIN) for ref in served)


def who_looks_after(connection: JiraConnection) -> list[str]:
    """Names of those to ask, three at most; of one that serves no backlog, whoever made it."""
    source = story_source()
    refs = connection.mappings.order_by("pk").values_list("project_ref", flat=True)
    names = [name for ref in refs for name in source.who_may(ref, Act.ADMIN)]
    maker = connection.created_by
    if not names and maker is not None:
        names = [maker.get_full_name() or maker.get_username()]
    return list(dict.fromkeys(names))[:3]


def for_connections(view: SiteView[P]) -> Callable[..., HttpResponseBase]:
    """A page about connections: for Jira admins of at least one project. Where the address names a connection
    (`pk`), for those who look after it.

    Members of a project it serves see who may; to everybody else it does not exist (404).
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        source = story_source()
        if not admin_projects(request.user):
            mine = list(source.projects_for(request.user))
            if not mine:
                raise Http404
            asked = next((project for project in mine if project.key == request.GET.get("project")), mine[0])
            return not_allowed(request, asked, Act.ADMIN)
        if "pk" in kwargs:
            connection = get_object_or_404(JiraConnection, pk=kwargs["pk"])
            if not looks_after(request.user, connection):
                served = connection.mappings.values_list("project_ref", flat=True)
                seen = next((ref for ref in served if source.may(request.user, ref, Act.VIEW)), None)
                project = source.project_by_ref(seen) if seen else None
                if project is None:
                    raise Http404
                return not_allowed(request, project, Act.ADMIN)
        return view(request, *args, **kwargs)

    return checked
