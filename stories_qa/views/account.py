"""A person's own account: name, where they are signed in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from stories_qa.forms.account import AccountForm
from stories_qa.signed_in import browsers, end, in_words
from stories_qa.views.pages import see_other


@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """`do`: save (name, e-mail), end (`browser`), end_others."""
    user = person(request)
    form = AccountForm(instance=user)
    here = request.session.session_key
    match request.POST.get("do"):
        case "save":
            form = AccountForm(request.POST, instance=user)
            if not form.is_valid():
                user.refresh_from_db()  # the frame greets by the name that is stored, not by the one being typed
                return show(request, form, status=422)
            form.save()
            messages.success(request, _("Your account is saved."))
            return see_other(request.path)
        case "end":
            asked = request.POST.get("browser", "")
            ended = end(user, keep=here, only=int(asked)) if asked.isascii() and asked.isdigit() else 0
            if ended:
                messages.success(request, _("That browser is signed out."))
            return see_other(request.path)
        case "end_others":
            ended = end(user, keep=here)
            said = ngettext("%(n)d other browser is signed out.", "%(n)d other browsers are signed out.", ended)
            messages.success(request, said % {"n": ended})
            return see_other(request.path)
    return show(request, form)


def person(request: HttpRequest) -> User:
    """A copy of whoever is signed in, to be changed without the page's frame noticing."""
    return User.objects.get(username=request.user.get_username())


def show(request: HttpRequest, form: AccountForm, status: int = 200) -> HttpResponse:
    user = person(request)
    here = request.session.session_key
    rows = [(row, in_words(row.agent), row.session_key == here) for row in browsers(user)]
    context = {"form": form, "browsers": rows, "others": sum(not mine for _row, _words, mine in rows)}
    return render(request, "stories_qa/account.html", context, status=status)
