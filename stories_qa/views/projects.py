"""New projects, and how the site looks and listens in this browser."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from stories_qa.access import project_view
from stories_qa.context_processors import THEMES
from stories_qa.forms.project import ProjectForm
from stories_qa.middleware import ZONE_COOKIE, available
from stories_qa.models import Membership, Project, Role
from stories_qa.once import made_before, make_once
from stories_qa.views.pages import see_other
from stories_qa.views.site import keep_choice


@login_required
@require_http_methods(["GET", "POST"])
def project_new(request: HttpRequest) -> HttpResponse:
    """Whoever makes a project is its admin."""
    if again := made_before(request):
        return see_other(again)
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and request.user.is_authenticated and form.is_valid():
        name, key, user = form.cleaned_data["name"], form.cleaned_data["key"], request.user

        def make() -> str:
            with transaction.atomic():
                made = Project.objects.create(key=key, name=name)
                Membership.objects.create(project=made, user=user, role=Role.ADMIN)
            return made.get_absolute_url()

        return see_other(make_once(request, make))
    # The key may have been taken by this very form, sent twice, since it was asked above.
    if again := made_before(request):
        return see_other(again)
    return render(request, "stories_qa/project_new.html", {"form": form}, status=422 if form.errors else 200)


@project_view("view")
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, project: Project) -> HttpResponse:
    """Theme, time zone and single-letter keys, kept in cookies of this browser."""
    if request.method == "POST":
        response = see_other(reverse("stories_qa:settings", args=[project.key]))
        theme = request.POST.get("theme", "")
        keep_choice(request, response, "sq-theme", theme if theme in THEMES else "")
        keep_choice(request, response, "sq-keys", "" if request.POST.get("keys") else "off")
        zone = request.POST.get("zone", "")
        keep_choice(request, response, ZONE_COOKIE, zone if zone in available() else "")
        return response
    themes = [("", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]
    context = {
        "project": project,
        "themes": themes,
        "zones": sorted(zone for zone in available() if "/" in zone and not zone.startswith("Etc/")),
        "zone": request.COOKIES.get(ZONE_COOKIE, ""),
    }
    return render(request, "stories_qa/settings.html", context)
