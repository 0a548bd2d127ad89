"""What belongs to no project: the start, signing in, the password, the colour theme."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import (
    LoginView,
    PasswordChangeView,
    PasswordResetConfirmView,
    PasswordResetView,
    redirect_to_login,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stories_qa.context_processors import THEMES
from stories_qa.models import Project
from stories_qa.signed_in import end, note

YEAR_SECONDS = 365 * 24 * 3600


def next_page(request: HttpRequest) -> str:
    """The posted `next` when it is a page of this site, else the start."""
    asked = request.POST.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure()) else "/"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The person's first project; who has none sees how to get one."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    projects = Project.objects.filter(memberships__user=request.user).order_by("name")
    if first := projects.first():
        return redirect("stories_qa:stories", first.key)
    return render(request, "stories_qa/no_project.html")


class Says422:
    """A form that was refused answers 422, so that htmx and tests can tell it from a page."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response


class SignIn(Says422, LoginView):
    redirect_authenticated_user = True


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **kwargs: Any) -> HttpResponse:
    """Too many wrong passwords for this name from this address. Says so whatever the name, so nothing is learned."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "registration/locked_out.html", {"minutes": minutes}, status=429)


class ChangePassword(Says422, PasswordChangeView):
    success_url = reverse_lazy("home")

    def form_valid(self, form: Any) -> HttpResponse:
        """Whoever else was signed in as this person no longer is."""
        answer = super().form_valid(form)
        note(User, self.request, form.user)  # this browser's session has a new key
        end(form.user, keep=self.request.session.session_key)
        messages.success(self.request, _("Your password is changed. Every other browser is signed out."))
        return answer


class ResetPassword(Says422, PasswordResetView):
    """Mails a link, and says the same whether or not there is such an account."""

    success_url = reverse_lazy("password_reset_done")
    email_template_name = "registration/password_reset_email.txt"
    subject_template_name = "registration/password_reset_subject.txt"
    extra_context = {"sends_mail": settings.SENDS_MAIL}


class ChooseNewPassword(Says422, PasswordResetConfirmView):
    """Behind the link of a reset or an invitation; whoever was signed in as this person no longer is."""

    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        end(form.user, keep=None)
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return answer


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie, so that the server can write it into every page. Without a script: a reload."""
    response = redirect(next_page(request))
    theme = request.POST.get("theme", "")
    keep_choice(request, response, "sq-theme", theme if theme in THEMES else "")
    return response


def keep_choice(request: HttpRequest, response: HttpResponse, cookie: str, value: str) -> None:
    """Set a cookie for a year; "" is the default and needs none. app.js sets the theme's in the same way."""
    if value:
        response.set_cookie(cookie, value, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie(cookie)
