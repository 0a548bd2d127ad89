"""Who may do what in a project. Every page, socket and command of the host asks here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from stories_qa.models import Membership, Project, Role
from stories_qa.remembered import project_with, remembered_role

LADDER = [Role.VIEWER, Role.EDITOR, Role.EXPORTER, Role.ADMIN]  # each may all that the ones before it may
NEEDED = {"view": Role.VIEWER, "edit": Role.EDITOR, "export": Role.EXPORTER, "admin": Role.ADMIN}

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Project, P], HttpResponse]


def role_of(user: AbstractBaseUser | AnonymousUser | None, project: Project) -> Role | None:
    """This person's role in the project; None for the anonymous, the inactive and those who are no members.
    Superusers are no exception: they can make themselves members in the admin site, and that is then on record."""
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    role = remembered_role(user.pk, project)
    return None if role is None else Role(role)


def allows(role: Role | None, act: str) -> bool:
    """Whether a role is enough for "view", "edit", "export" or "admin". An act nobody knows is a KeyError."""
    needed = LADDER.index(NEEDED[act])
    return role is not None and LADDER.index(role) >= needed


def may(user: AbstractBaseUser | AnonymousUser | None, project: Project, act: str) -> bool:
    """Whether this person may "view", "edit", "export" or "admin" here."""
    return allows(role_of(user, project), act)


def who_may(project: Project, act: str) -> list[str]:
    """Full names (else user names) of the active members who may, for "Ask an admin: Mira Kovač". The ones with the
    smallest role that is enough come last, so that an admin is named first."""
    enough = [role for role in LADDER if allows(role, act)]
    members = Membership.objects.filter(project=project, role__in=enough, user__is_active=True).select_related("user")
    by_rank = sorted(members, key=lambda member: -LADDER.index(Role(member.role)))
    return [member.user.get_full_name() or member.user.get_username() for member in by_rank]


def project_view(act: str) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """Make a view of a project out of `view(request, project: Project, …)`; the address gives it as `project=<key>`.

    Nobody signed in: to the sign-in page. No such project, or not a member: 404, so that names of projects do not
    leak. A member whose role is too small: the page stories_qa/not_allowed.html with the names of those who may, 403.
    The role is left on the request as `request.project_role`.
    """
    if act not in NEEDED:
        raise ValueError(f"{act!r} is not one of {', '.join(NEEDED)}")

    def decorate(view: View[P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, project: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            found = project_with(key=project)
            role = None if found is None else role_of(request.user, found)
            if found is None or role is None:
                raise Http404
            if not allows(role, act):
                context: dict[str, Any] = {"project": found, "act": act, "who": who_may(found, act)}
                return render(request, "stories_qa/not_allowed.html", context, status=403)
            request.project_role = role  # type: ignore[attr-defined]
            return view(request, found, *args, **kwargs)

        return checked

    return decorate
