"""Step 6: news from Jira at once, by webhook; without it we ask Jira every few minutes."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jira_integration.catalogue import Explained, explain, from_error
from jira_integration.client.exceptions import JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.conf import conf
from jira_integration.models import JiraConnection
from jira_integration.setup.webhook import jql_of, new_secret, register, webhook_url
from jira_integration.views.access import for_connections, page
from jira_integration.views.setup_frame import Wizard


def step(wizard: Wizard) -> HttpResponse:
    posted = wizard.request.POST
    if wizard.request.method != "POST":
        return show(wizard)
    if "create" in posted:
        return create(wizard)
    if "secret" in posted:
        return by_hand(wizard)
    with transaction.atomic():
        if wizard.site.webhook_secret is None and "webhook" not in wizard.map.steps_done:
            wizard.record("webhook_skipped")
        wizard.save_step("webhook", changed=False)
    return wizard.onward("webhook")


def address(wizard: Wizard) -> str:
    request = wizard.request
    return webhook_url(wizard.site, f"{request.scheme}://{request.get_host()}")


def create(wizard: Wizard) -> HttpResponse:
    """Ask Jira to make it. Jira lets only its own admins; for the others the values to copy are shown."""
    secret = new_secret()
    url = address(wizard)
    name = _("Stories & QA: %(project)s") % {"project": wizard.project.name}
    try:
        made = async_to_sync(register)(wizard.site, url, jql_of(wizard.site, wizard.mapping), secret, name)
    except (JiraForbidden, JiraNotFound, JiraRejected) as refused:
        _code, values = from_error(refused, wizard.site)
        values |= {"address": url, "minutes": poll_minutes(), "project_key": wizard.project.key}
        return show(wizard, explained=explain("webhook_bad", values), said=str(values.get("said", "")))
    with transaction.atomic():
        wizard.site.keep_webhook_secret(secret, overlap=timedelta(seconds=conf.WEBHOOK_ROTATION_SECONDS))
        wizard.site.webhook_id = made
        wizard.site.webhook_seen_at = None
        wizard.site.save(update_fields=[*JiraConnection.WEBHOOK_SECRETS, "webhook_id", "webhook_seen_at"])
        wizard.save_step("webhook", changed=False)
        wizard.record("webhook_made")
    return wizard.go("webhook")


def by_hand(wizard: Wizard) -> HttpResponse:
    """A new secret, shown in this one answer and never again."""
    secret = new_secret()
    with transaction.atomic():
        wizard.site.keep_webhook_secret(secret, overlap=timedelta(seconds=conf.WEBHOOK_ROTATION_SECONDS))
        wizard.site.webhook_id = ""
        wizard.site.webhook_seen_at = None
        wizard.site.save(update_fields=[*JiraConnection.WEBHOOK_SECRETS, "webhook_id", "webhook_seen_at"])
        wizard.record("webhook_secret_made")
    response = show(wizard, secret=secret)
    response["Cache-Control"] = "no-store"
    return response


def poll_minutes() -> str:
    return f"{conf.POLL_SECONDS / 60:g}"


def show(wizard: Wizard, *, secret: str = "", explained: Explained | None = None, said: str = "") -> HttpResponse:
    url = address(wizard)
    here = urlsplit(url).hostname or ""
    context = {
        "url": url,
        "secret": secret,
        "jql": jql_of(wizard.site, wizard.mapping),
        "minutes": poll_minutes(),
        "said": said,
        "unreachable": here in ("localhost", "127.0.0.1", "::1") and not is_local(wizard.site),
        "by_hand": bool(secret or explained),
    }
    return wizard.render("webhook", context, explained=explained)


def is_local(connection: JiraConnection) -> bool:
    """Whether the Jira itself runs on this machine, so that it can reach us."""
    return urlsplit(connection.site_url).hostname in ("localhost", "127.0.0.1", "::1")


@require_GET
@for_connections
def webhook_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The waiting line alone: asked for every few seconds until the first event has come (286 ends the asking)."""
    connection = get_object_or_404(JiraConnection, pk=pk)
    return page(
        request,
        "setup/_webhook_state.html",
        {"connection": connection},
        status=286 if connection.webhook_seen_at else 200,
    )
