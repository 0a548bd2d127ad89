"""Step 2: the account, tested before it is kept. Which kinds of login there are depends on the Jira that was found."""

from __future__ import annotations

from datetime import date
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from jira_integration.catalogue import Explained, explain
from jira_integration.client.auth import Auth
from jira_integration.export.runs import login_renewed
from jira_integration.forms.setup import WORDS, SignInForm
from jira_integration.models import JiraConnection, SecretUnreadable
from jira_integration.setup.check import Tested, check_login
from jira_integration.setup.connect import auth_with
from jira_integration.setup.grants import oauth_is_set_up
from jira_integration.setup.logins import forget_login, keep_login
from jira_integration.starting import start
from jira_integration.tasks import export_run
from jira_integration.views.setup_frame import Problem, Wizard

Login = JiraConnection.Login


def step(wizard: Wizard) -> HttpResponse:
    if wizard.request.method != "POST":
        return show(wizard)
    if "disconnect" in wizard.request.POST:
        return disconnect(wizard)
    form = SignInForm(wizard.site, wizard.request.POST)
    if "kind" in wizard.request.POST:  # another kind was picked: its own questions, nothing is judged yet
        return show(wizard, SignInForm(wizard.site, kind=form.kind))
    if form.is_valid() and form.kind == Login.OAUTH2 and not has_grant(wizard.site):
        form.add_error("login", _("Sign in at Atlassian first: the button is below."))
    if not form.is_valid():
        return show(wizard, form)
    given = form.cleaned_data
    tested = test(wizard.site, form.kind, given)
    if not tested.accepted:
        return show(wizard, form, tested=tested, explained=explained_for(wizard, tested, given.get("user_name", "")))
    keep(wizard, form.kind, given, tested)
    if "test" in wizard.request.POST:
        return show(wizard, tested=tested)
    signed_in(wizard)
    return wizard.onward("sign-in")


def signed_in(wizard: Wizard) -> None:
    words = {"site": wizard.site.host, "who": wizard.site.account_name}
    messages.success(wizard.request, _("Signed in to %(site)s as %(who)s.") % words)


def has_grant(connection: JiraConnection) -> bool:
    return connection.login == Login.OAUTH2 and connection.has_login


def test(connection: JiraConnection, kind: str, given: dict[str, Any]) -> Tested:
    """Test what was typed; without a new secret the saved one of this kind, which goes with the name that was typed."""
    auth: Auth | None = None
    gateway = ""
    user_name, token = given.get("user_name", ""), given.get("token", "")
    if token:
        auth = auth_with(kind, user_name, token)
    elif user_name != connection.user_name and connection.secret is not None:
        try:
            auth = auth_with(kind, user_name, connection.secret.open(connection.bound_to))
        except SecretUnreadable:
            auth = None  # the check itself will say so
        gateway = connection.cloud_id if connection.through_gateway else ""
    return async_to_sync(check_login)(connection, auth, login=kind, gateway=gateway, ends_on=ends_on(connection, given))


def ends_on(connection: JiraConnection, given: dict[str, Any]) -> date | None:
    """When it ends: asked for where only the person knows, known where Atlassian says so."""
    if "secret_ends_on" in given:
        typed: date | None = given["secret_ends_on"]
        return typed
    return connection.secret_ends_on if has_grant(connection) else None


def explained_for(wizard: Wizard, tested: Tested, user_name: str) -> Explained:
    values = {**tested.values, "project_key": wizard.project.key}
    return explain(tested.code, {**values, "account": user_name} if user_name else values)


def keep(wizard: Wizard, kind: str, given: dict[str, Any], tested: Tested) -> None:
    """Save the login that Jira accepted."""
    connection = wizard.site
    user_name, secret = given.get("user_name", ""), given.get("token", "")
    replaced = bool(secret) or user_name != connection.user_name
    code = "login_replaced" if connection.has_login else "login_made"
    with transaction.atomic():
        ends = ends_on(connection, given)
        keep_login(connection, tested, login=kind, user_name=user_name, secret=secret, ends_on=ends)
        kept(wizard, code if replaced else "")


def kept(wizard: Wizard, code: str) -> None:
    """What follows from a login that was saved; `code` is the audit's, "" where it is the one that was there."""
    for run_id in login_renewed(wizard.site.pk):
        start(export_run, run_id)
    if wizard.mapping is not None:
        wizard.save_step("sign-in", changed=False)
    if code:
        wizard.record(code, account=wizard.site.account_name)


def disconnect(wizard: Wizard) -> HttpResponse:
    """Forget the sign-in. Links, mappings and what is in Jira stay; exports wait until there is another."""
    connection = wizard.site
    by_grant, account = has_grant(connection), connection.account_name
    with transaction.atomic():
        forget_login(connection)
        connection.save()
        wizard.record("login_forgotten", account=account)
    messages.success(wizard.request, _("The sign-in for %(site)s is forgotten here.") % {"site": connection.host})
    if by_grant:
        messages.info(
            wizard.request,
            _("Atlassian still lists the consent. Take it away at id.atlassian.com, Connected apps."),
        )
    else:
        messages.info(wizard.request, _("The token still works elsewhere until you revoke it in Jira."))
    return wizard.go("sign-in")


def show(
    wizard: Wizard,
    form: SignInForm | None = None,
    *,
    tested: Tested | None = None,
    explained: Explained | None = None,
    kind: str = "",
) -> HttpResponse:
    """The form; a saved secret is told by its date and last three characters only."""
    shown = form or SignInForm(wizard.site, kind=kind)
    problems = [
        Problem(str(error), shown[name].id_for_label if name != "login" else "id_login_0")
        for name, errors in shown.errors.items()
        for error in errors
    ]
    by_grant = shown.kind == Login.OAUTH2
    context = {
        "form": shown,
        "words": WORDS[shown.kind],
        "by_grant": by_grant,
        "has_grant": by_grant and has_grant(wizard.site),
        "oauth_is_set_up": by_grant and oauth_is_set_up(),
        "tested": tested,
        "said": tested.values.get("said", "") if tested else "",
        "has_login": wizard.site.has_login,
        "replace": bool(problems or (explained and wizard.site.secret is not None)),
    }
    return wizard.render(
        "sign_in", context, problems=problems, explained=explained, status=422 if problems or explained else None
    )
