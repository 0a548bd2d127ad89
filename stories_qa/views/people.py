"""The members of a project and their roles. Everybody in it may look; an admin may change."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from stories_qa.access import may, project_view, who_may
from stories_qa.accounts import HasAccount, Invitation, invite, is_invited, send_link
from stories_qa.forms.account import InvitationForm
from stories_qa.forms.project import MemberForm
from stories_qa.models import Membership, Project, Role
from stories_qa.templatetags.people import person_name
from stories_qa.views.pages import see_other


def role_words() -> list[tuple[str, str]]:
    """What each role may, for the help beside the list."""
    return [
        (str(Role.VIEWER.label), _("reads everything")),
        (str(Role.EDITOR.label), _("also writes epics, stories and test cases")),
        (str(Role.EXPORTER.label), _("also exports to Jira")),
        (str(Role.ADMIN.label), _("also connects Jira, maps fields and manages people")),
    ]


@project_view("view")
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest, project: Project) -> HttpResponse:
    """`do`: add (`person`, `role`), invite (`invite-email`, …), invite_again (`member`), role (`member`, `role`),
    remove (`member`). The last admin stays one."""
    if request.method == "GET":
        return show(request, project, MemberForm(project=project))
    if not may(request.user, project, "admin"):
        context = {"project": project, "act": "admin", "who": who_may(project, "admin")}
        return render(request, "stories_qa/not_allowed.html", context, status=403)
    match request.POST.get("do"):
        case "add":
            form = MemberForm(request.POST, project=project)
            if not form.is_valid():
                return show(request, project, form, status=422)
            added, role = form.cleaned_data["person"], form.cleaned_data["role"]
            Membership.objects.get_or_create(project=project, user=added, defaults={"role": role})
            messages.success(request, _("%(name)s is a member now.") % {"name": person_name(added)})
        case "invite":
            invitation = InvitationForm(request.POST)
            if not invitation.is_valid() or not invited(request, project, invitation):
                return show(request, project, MemberForm(project=project), invitation, status=422)
        case "invite_again":
            invite_again(request, project)
        case "role":
            change_role(request, project, request.POST.get("role", ""))
        case "remove":
            change_role(request, project, "")
    return see_other(reverse("stories_qa:people", args=[project.key]))


def invited(request: HttpRequest, project: Project, form: InvitationForm) -> bool:
    """Invite and say so; False, with the reason on the form, when there is an account already."""
    asked = form.cleaned_data
    try:
        made = invite(
            project,
            name=asked["name"],
            email=asked["email"],
            role=asked["role"],
            by=person_name(request.user),
            base=request.build_absolute_uri("/").rstrip("/"),
        )
    except HasAccount:
        form.add_error("email", _("%(email)s has an account. Add them below instead.") % {"email": asked["email"]})
        return False
    say_link(request, made)
    return True


def invite_again(request: HttpRequest, project: Project) -> None:
    """A new link for a member who never signed in. Whoever holds it can be that person, so it is made only by an
    admin of every project the person is in."""
    asked = request.POST.get("member", "")
    members = project.memberships.select_related("user")
    member = next((member for member in members if str(member.pk) == asked), None)
    if member is None or not is_invited(member.user):
        return
    others = Project.objects.filter(memberships__user=member.user)
    if all(may(request.user, other, "admin") for other in others):
        base = request.build_absolute_uri("/").rstrip("/")
        say_link(request, send_link(member.user, project, by=person_name(request.user), base=base))
    else:
        messages.error(request, _("Another project invited them too. Ask its admin for the link."))


def say_link(request: HttpRequest, made: Invitation) -> None:
    """The link itself is shown once, on the next page, and only to whoever invited."""
    if made.mailed:
        messages.success(request, _("%(email)s got an e-mail with a link.") % {"email": made.user.email})
    else:
        request.session["invitation"] = {"name": person_name(made.user), "link": made.link}


def show(
    request: HttpRequest,
    project: Project,
    form: MemberForm,
    invitation: InvitationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    members = list(project.memberships.select_related("user").order_by("user__first_name", "user__username"))
    context = {
        "project": project,
        "form": form,
        "invitation": invitation or InvitationForm(),
        "link": request.session.pop("invitation", None),
        "members": members,
        "invited": {member.pk for member in members if is_invited(member.user)},
        "roles": Role.choices,
        "role_words": role_words(),
        "admins": who_may(project, "admin"),
    }
    return render(request, "stories_qa/people.html", context, status=status)


def change_role(request: HttpRequest, project: Project, role: str) -> None:
    """Give a member another role, or take the membership away when `role` is ""."""
    with transaction.atomic():
        # Locked together: two admins must not take each other's role at the same moment.
        members = list(project.memberships.select_for_update(of=("self",)).select_related("user"))
        asked = request.POST.get("member", "")
        member = next((member for member in members if str(member.pk) == asked), None)
        if member is None or (role and role not in Role.values):
            return
        name = person_name(member.user)
        admins = [one for one in members if one.role == Role.ADMIN]
        if admins == [member] and role != Role.ADMIN:
            messages.error(request, _("%(name)s is the only admin. Make somebody else one first.") % {"name": name})
            return
        if role:
            member.role = role
            member.save(update_fields=["role"])
            said = _("%(name)s is %(role)s now.") % {"name": name, "role": member.get_role_display()}
        else:
            member.delete()
            said = _("%(name)s is no member any more.") % {"name": name}
        messages.success(request, said)
