"""Consent at Atlassian: there by a link, back by a redirect, and the choice of a site where the answer leaves one.

What is on its way is kept in the person's session: a state that counts once, for ten minutes, in this browser alone;
and, between the consent and the choice of a site, the tokens, sealed. docs/decisions/0011-oauth-tokens.md
"""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from jira_integration.catalogue import explain, from_error
from jira_integration.client.auth import Bearer
from jira_integration.client.exceptions import JiraError
from jira_integration.client.guard import normalise_site
from jira_integration.client.oauth import (
    Resource,
    Tokens,
    accessible_resources,
    authorize_url,
    same_site,
    tokens_for_code,
)
from jira_integration.conf import conf, story_source
from jira_integration.contracts import Act
from jira_integration.models import JiraConnection, ProjectMapping, SecretUnreadable, seal
from jira_integration.models.secret import Sealed
from jira_integration.setup.check import check_login
from jira_integration.setup.grants import CONSENT_LASTS, atlassian, keep_grant, oauth_app
from jira_integration.setup.logins import keep_login
from jira_integration.views import setup_sign_in, setup_site
from jira_integration.views.access import for_connections, looks_after, not_allowed, who_looks_after
from jira_integration.views.setup_frame import Wizard
from jira_integration.views.setup_open import project_asked

STATES, CHOICE = "jira_oauth_states", "jira_oauth_choice"
GOOD_FOR_SECONDS = 600
MOST_STATES = 5  # consents begun and not finished; the oldest goes


@require_GET
@for_connections
def oauth_start(request: HttpRequest, pk: int) -> HttpResponse:
    """To Atlassian's consent page. A link and no form: a form's redirect to another site is what our CSP forbids."""
    connection = get_object_or_404(JiraConnection, pk=pk)
    project = project_asked(request, connection)
    if not story_source().may(request.user, project.ref, Act.ADMIN):
        return not_allowed(request, project, Act.ADMIN)
    wizard = Wizard(request, project, "sign-in", connection, mapping_of(project.ref))
    try:
        app = oauth_app()
    except (JiraError, SecretUnreadable):
        return setup_sign_in.show(wizard, explained=explain("oauth_app", {"connection_id": connection.pk}))
    state = secrets.token_urlsafe(32)
    begun = dict(list(request.session.get(STATES, {}).items())[-MOST_STATES + 1 :])
    begun[state] = {"connection": connection.pk, "project": project.key, "at": time.time()}
    request.session[STATES] = begun
    return HttpResponseRedirect(authorize_url(conf.AUTH_BASE_URL, app, callback_url(request), state))


@require_GET
@for_connections
def oauth_callback(request: HttpRequest) -> HttpResponse:
    """Back from Atlassian, with a code or without."""
    wizard = begun_with(request, request.GET.get("state", ""))
    if wizard is None:
        messages.error(request, str(explain("oauth_state", {})))
        return see_other(reverse("jira_integration:connections"))
    code = request.GET.get("code", "")
    if not code:
        return refused(wizard, "oauth_denied")
    asked_at = timezone.now()
    try:
        tokens, resources = async_to_sync(consented)(code, callback_url(request))
    except SecretUnreadable:
        return refused(wizard, "oauth_app")
    except JiraError as trouble:
        return refused(wizard, *from_error(trouble, wizard.connection, login=JiraConnection.Login.OAUTH2))
    if not resources:
        return refused(wizard, "oauth_no_sites")
    wanted = same_site(resources, wizard.site.site_url)
    if wanted is not None:
        return finish(wizard, tokens, wanted, asked_at)
    hold(request, wizard, tokens, resources, asked_at)
    return see_other(reverse("jira_integration:oauth_sites") + f"?project={wizard.project.key}")


@require_http_methods(["GET", "POST"])
@for_connections
def oauth_sites(request: HttpRequest) -> HttpResponse:
    """The consent does not reach the site it was begun for: a person says which of the others is meant."""
    held = request.session.get(CHOICE, {})
    wizard = wizard_for(request, held) if held and time.time() - held["at"] < GOOD_FOR_SECONDS else None
    if wizard is None:
        request.session.pop(CHOICE, None)
        messages.error(request, str(explain("oauth_state", {})))
        return see_other(reverse("jira_integration:connections"))
    resources = [Resource.model_validate(one) for one in held["sites"]]
    if request.method == "POST":
        chosen = next((one for one in resources if one.id == request.POST.get("site")), None)
        if chosen is not None:
            opened = json.loads(Sealed(held["tokens"]).open(bound_to(held)))
            del request.session[CHOICE]
            made = connection_of(wizard, chosen)
            if not looks_after(request.user, made):
                names = ", ".join(who_looks_after(made)) or _("whoever runs this site")
                return refused(wizard, "site_of_others", {"site": made.host, "names": names})
            wizard.connection = made
            setup_site.claim(wizard)
            tokens = Tokens.model_validate(opened)
            return finish(wizard, tokens, chosen, datetime.fromtimestamp(held["at"], tz=UTC))
    return wizard.render("oauth_sites", {"sites": resources}, status=422 if request.method == "POST" else 200)


async def consented(code: str, redirect_uri: str) -> tuple[Tokens, list[Resource]]:
    """The tokens for the code, and every site they reach that is a Jira."""
    app = await sync_to_async(oauth_app)()
    async with atlassian(conf.AUTH_BASE_URL) as auth_server:
        tokens = await tokens_for_code(auth_server, app, code, redirect_uri)
    async with atlassian(conf.GATEWAY_BASE_URL, Bearer(tokens.access_token)) as gateway:
        return tokens, await accessible_resources(gateway)


def finish(wizard: Wizard, tokens: Tokens, resource: Resource, asked_at: datetime) -> HttpResponse:
    """Test the grant at this site, and keep it when Jira accepts it."""
    connection = wizard.site
    ends_on = timezone.localdate(asked_at + CONSENT_LASTS)
    login = JiraConnection.Login.OAUTH2
    tested = async_to_sync(check_login)(
        connection, Bearer(tokens.access_token), login=login, gateway=resource.id, ends_on=ends_on
    )
    if not tested.accepted:
        return refused(wizard, tested.code, dict(tested.values))
    code = "login_replaced" if connection.has_login else "login_made"
    with transaction.atomic():
        keep_grant(connection, tokens, asked_at)
        keep_login(connection, tested, login=login, ends_on=ends_on)
        setup_sign_in.kept(wizard, code)
    setup_sign_in.signed_in(wizard)
    return wizard.onward("sign-in")


def refused(wizard: Wizard, code: str, values: dict[str, Any] | None = None) -> HttpResponse:
    """The sign-in step with what went wrong on top; nothing was saved."""
    about = {"site": wizard.site.host, "connection_id": wizard.site.pk, "project_key": wizard.project.key}
    return setup_sign_in.show(
        wizard, explained=explain(code, {**about, **(values or {})}), kind=JiraConnection.Login.OAUTH2
    )


def begun_with(request: HttpRequest, state: str) -> Wizard | None:
    """What this browser began with that state; it counts once."""
    begun = dict(request.session.get(STATES, {}))
    found = begun.pop(state, None)
    request.session[STATES] = begun
    if found is None or time.time() - found["at"] > GOOD_FOR_SECONDS:
        return None
    return wizard_for(request, found)


def wizard_for(request: HttpRequest, kept: dict[str, Any]) -> Wizard | None:
    """The set-up it belongs to, if this person may still do that."""
    project = story_source().project(kept["project"])
    connection = JiraConnection.objects.filter(pk=kept["connection"]).first()
    if project is None or connection is None or not story_source().may(request.user, project.ref, Act.ADMIN):
        return None
    if not looks_after(request.user, connection):
        return None
    return Wizard(request, project, "sign-in", connection, mapping_of(project.ref))


def hold(request: HttpRequest, wizard: Wizard, tokens: Tokens, resources: list[Resource], asked_at: datetime) -> None:
    """Keep the tokens while a person chooses, sealed for this choice of theirs alone."""
    held: dict[str, Any] = {
        "connection": wizard.site.pk,
        "project": wizard.project.key,
        "at": asked_at.timestamp(),
        "sites": [one.model_dump() for one in resources],
        "nonce": secrets.token_hex(16),
    }
    held["tokens"] = seal(tokens.model_dump_json(), bound_to(held)).ciphertext
    request.session[CHOICE] = held


def bound_to(held: dict[str, Any]) -> str:
    return f"oauth-choice|{held['nonce']}|{held['connection']}"


def connection_of(wizard: Wizard, resource: Resource) -> JiraConnection:
    """The connection of the chosen site, made where there is none."""
    url = normalise_site(resource.url).url
    found = JiraConnection.objects.filter(site_url=url).first()
    if found is not None:
        return found
    made = JiraConnection(site_url=url, name=(resource.name or url)[:120], server_title=resource.name[:200])
    made.deployment, made.created_by = JiraConnection.Deployment.CLOUD, setup_site.person(wizard)
    made.save()
    wizard.connection = made
    wizard.record("connection_made")
    return made


def mapping_of(project_ref: str) -> ProjectMapping | None:
    return ProjectMapping.objects.filter(project_ref=project_ref).first()


def callback_url(request: HttpRequest) -> str:
    """The address registered with the app; it has to be the same to the letter each time."""
    base = conf.PUBLIC_URL.rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    return base + reverse("jira_integration:oauth_callback")


def see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response
