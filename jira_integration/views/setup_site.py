"""Step 1: the address of the Jira site."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from jira_integration.catalogue import explain, from_error
from jira_integration.catalogue.typos import meant_site
from jira_integration.client.exceptions import ErrorCode, JiraError
from jira_integration.forms.setup import SiteForm
from jira_integration.models import JiraConnection, ProjectMapping
from jira_integration.setup.discover import FoundSite, discover_site, likely
from jira_integration.setup.logins import forget_login
from jira_integration.views.access import looks_after, who_looks_after
from jira_integration.views.setup_frame import Problem, Wizard

CONTROL = "id_site_url"
CERTIFICATE = "id_ca_pem"


def step(wizard: Wizard) -> HttpResponse:
    if wizard.request.method != "POST":
        fill = wizard.request.GET.get("fill") == "sandbox"
        site = wizard.connection
        first = sandbox_url() if fill else site.site_url if site else ""
        return show(wizard, SiteForm(initial={"site_url": first, "ca_pem": site.ca_pem if site else ""}))
    data = wizard.request.POST.copy()
    if data.get("use"):
        data["site_url"] = data.get("use", "")
    form = SiteForm(data)
    if not form.is_valid():
        return show(wizard, form)
    typed = form.cleaned_data["site_url"]
    try:
        found = async_to_sync(discover_site)(typed, ca_pem=form.cleaned_data["ca_pem"])
    except JiraError as trouble:
        instead = explain_on(form, typed, trouble)
        return show(wizard, form, instead=instead, certificate_failed=trouble.code == ErrorCode.TLS)
    return save(wizard, form, found)


def sandbox_url() -> str:
    """The sandbox of the local profile, "" elsewhere."""
    return str(getattr(settings, "SANDBOX_URL", "") or "")


def explain_on(form: SiteForm, typed: str, trouble: JiraError) -> str:
    """Put the catalogue's words beside the field. Returns the address that was probably meant, or ""."""
    code, values = from_error(trouble)
    host = likely(typed)
    values["site"] = host
    instead = ""
    if meant := meant_site(host):
        instead = f"https://{meant}"
        if code == "dns":
            code, values["meant"] = "dns_typo", meant
    elif trouble.code == ErrorCode.NOT_HTTPS:
        instead = "https://" + typed.strip().split("://", 1)[-1]
    form.add_error("site_url", str(explain(code, values)))
    return instead


def save(wizard: Wizard, form: SiteForm, found: FoundSite) -> HttpResponse:
    """Keep the address. A changed one takes the secrets with it: they were given for the other."""
    existing = JiraConnection.objects.filter(site_url=found.url).first()
    connection = wizard.connection or existing
    if connection is not None and existing is not None and existing.pk != connection.pk:
        form.add_error("site_url", _("%(site)s is connected already. Open it from the list.") % {"site": existing.host})
        return show(wizard, form)
    if wizard.connection is None and existing is not None and not looks_after(wizard.request.user, existing):
        names = ", ".join(who_looks_after(existing)) or _("whoever runs this site")
        form.add_error("site_url", str(explain("site_of_others", {"site": existing.host, "names": names})))
        return show(wizard, form)
    with transaction.atomic():
        made = connection is None
        if connection is None:
            connection = JiraConnection(site_url=found.url, name=found.named[:120], created_by=person(wizard))
        before = connection.host
        moved = not made and connection.site_url != found.url
        if moved:
            forget_login(connection)
            connection.webhook_secret = connection.webhook_secret_before = None
            connection.webhook_id = ""
        other_certificates = connection.ca_pem != form.cleaned_data["ca_pem"]
        connection.site_url, connection.deployment = found.url, found.deployment
        connection.ca_pem = form.cleaned_data["ca_pem"]
        connection.server_title = found.title
        connection.save()
        known, wizard.connection = wizard.connection, connection
        claim(wizard)
        if made:
            wizard.record("connection_made")
        elif moved:
            wizard.record("connection_changed", before=before)
        if other_certificates:
            wizard.record("certificates_changed")
    say(wizard, found, moved_from=before if moved else "", shared=not made and known is None)
    return wizard.onward("site")


def person(wizard: Wizard) -> Any:
    user = wizard.request.user
    return user if user.is_authenticated else None


def say(wizard: Wizard, found: FoundSite, *, moved_from: str, shared: bool) -> None:
    site = wizard.site.host
    words = {"name": found.named, "site": site, "url": found.url, "cut": found.cut[:80], "before": moved_from}
    if found.deployment == JiraConnection.Deployment.CLOUD:
        messages.success(wizard.request, _("Jira Cloud, %(name)s, answers at %(site)s.") % words)
    else:
        words["version"] = found.version
        messages.success(wizard.request, _("Jira Data Center %(version)s, %(name)s, answers at %(site)s.") % words)
    if found.cut:
        messages.info(wizard.request, _("We use %(url)s. “%(cut)s” was cut off.") % words)
    if moved_from:
        messages.info(wizard.request, _("The token for %(before)s is not used here. Enter one for %(site)s.") % words)
    if shared and wizard.is_done("sign-in"):
        messages.info(wizard.request, _("%(site)s was connected already; its sign-in is used.") % words)


def claim(wizard: Wizard) -> None:
    """Make the backlog's mapping, so that the set-up can be resumed from wherever it is left."""
    mapping = wizard.mapping or ProjectMapping.objects.filter(project_ref=wizard.project.ref).first()
    if mapping is not None and (mapping.live or mapping.jira_project_id) and mapping.connection_id != wizard.site.pk:
        return
    wizard.mapping = mapping
    wizard.mapping_row().connection = wizard.site
    wizard.save_step("site", changed=False)


def show(wizard: Wizard, form: SiteForm, *, instead: str = "", certificate_failed: bool = False) -> HttpResponse:
    problems = [
        Problem(str(error), CERTIFICATE if name == "ca_pem" else CONTROL)
        for name, errors in form.errors.items()
        for error in errors
    ]
    sandbox = sandbox_url()
    context = {
        "form": form,
        "instead": instead,
        "sandbox": sandbox if sandbox != form["site_url"].value() else "",
        "has_login": wizard.connection is not None and wizard.connection.has_login,
        "open_certificates": bool(form["ca_pem"].value() or form.has_error("ca_pem") or certificate_failed),
    }
    return wizard.render("site", context, problems=problems)
