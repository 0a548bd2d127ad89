"""Step 2: the account, tested before it is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from jira_integration.catalogue import Explained, explain
from jira_integration.client.auth import Auth, BasicToken
from jira_integration.export.runs import login_renewed
from jira_integration.forms.setup import SignInForm
from jira_integration.models import JiraConnection, SecretUnreadable
from jira_integration.setup.check import Tested, check_login
from jira_integration.setup.connect import answered
from jira_integration.tasks import export_run, start
from jira_integration.views.setup_frame import Problem, Wizard


def step(wizard: Wizard) -> HttpResponse:
    if wizard.request.method != "POST":
        return show(wizard)
    form = SignInForm(wizard.site, wizard.request.POST)
    if not form.is_valid():
        return show(wizard, form)
    given = form.cleaned_data
    tested = test(wizard.site, given["user_name"], given["token"], given["secret_ends_on"])
    if not tested.accepted:
        return show(wizard, form, tested=tested, explained=explained_for(wizard, tested, given["user_name"]))
    keep(wizard, given, tested)
    if "test" in wizard.request.POST:
        return show(wizard, tested=tested)
    messages.success(
        wizard.request,
        _("Signed in to %(site)s as %(who)s.") % {"site": wizard.site.host, "who": wizard.site.account_name},
    )
    return wizard.onward("sign-in")


def test(connection: JiraConnection, user_name: str, token: str, ends_on: date | None) -> Tested:
    """Test what was typed; without a new token the saved one, which goes with the e-mail that was typed."""
    auth: Auth | None = None
    if token:
        auth = BasicToken(user_name, token)
    elif user_name != connection.user_name and connection.secret is not None:
        try:
            auth = BasicToken(user_name, connection.secret.open(connection.bound_to))
        except SecretUnreadable:
            auth = None  # the check itself will say so
    return async_to_sync(check_login)(connection, auth, ends_on=ends_on)


def explained_for(wizard: Wizard, tested: Tested, user_name: str) -> Explained:
    values = {**tested.values, "account": user_name, "project_key": wizard.project.key}
    return explain(tested.code, values)


def keep(wizard: Wizard, given: dict[str, Any], tested: Tested) -> None:
    """Save the login that Jira accepted."""
    connection = wizard.site
    account = tested.account
    assert account is not None
    replaced = bool(given["token"]) or given["user_name"] != connection.user_name
    code = "login_made" if connection.secret is None else "login_replaced"
    with transaction.atomic():
        connection.login, connection.user_name = given["login"], given["user_name"]
        connection.secret_ends_on = given["secret_ends_on"]
        if given["token"]:
            connection.keep_secret(given["token"])
        connection.account_id = account.account_id
        connection.account_name = account.display_name[:200] or given["user_name"]
        connection.account_time_zone = account.time_zone
        connection.save()
        answered(connection)
        for run_id in login_renewed(connection.pk):
            start(export_run, run_id)
        if wizard.mapping is not None:
            wizard.save_step("sign-in", changed=False)
        if replaced:
            wizard.record(code, account=connection.account_name)


def show(
    wizard: Wizard,
    form: SignInForm | None = None,
    *,
    tested: Tested | None = None,
    explained: Explained | None = None,
) -> HttpResponse:
    """The form; the saved token is told by its date and last three characters only."""
    shown = form or SignInForm(wizard.site)
    problems = [
        Problem(str(error), shown[name].id_for_label if name != "login" else "id_login_0")
        for name, errors in shown.errors.items()
        for error in errors
    ]
    context = {
        "form": shown,
        "tested": tested,
        "said": tested.values.get("said", "") if tested else "",
        "replace": bool(problems or (explained and wizard.site.secret is not None)),
    }
    return wizard.render(
        "sign_in", context, problems=problems, explained=explained, status=422 if problems or explained else None
    )
