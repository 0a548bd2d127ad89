"""What stands between us and a Jira site: addresses, names, certificates, outages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import EXPORT, Entry, Step, setup

CHANGE = setup(_("Change the address"), "site", "id_site_url")

ENTRIES: dict[str, Entry] = {
    "not_jira": Entry(
        _("There is no Jira at {site}."),
        _("Something answered, but not as Jira does."),
        _("Open Jira in a tab and copy what is before /browse."),
        CHANGE,
    ),
    "dns": Entry(_("There is no Jira at {site}."), _("The name could not be found."), _("Check the spelling."), CHANGE),
    "dns_typo": Entry(
        _("There is no Jira at {site}."),
        _("The name could not be found."),
        _("Check the spelling. Did you mean {meant}?"),
        CHANGE,
    ),
    "refused": Entry(
        _("Nothing answers at {site}."),
        _("The name was found, but the connection was refused."),
        _("Check the address and its port."),
        CHANGE,
    ),
    "tls": Entry(
        _("The connection to {site} is not safe."),
        _("Its certificate is not one we can trust, so nothing was sent."),
        _("If the site has a certificate of your company's own authority, give us that authority's certificate."),
        setup(_("Give a certificate"), "site", "id_ca_pem"),
    ),
    "ca_none": Entry(
        _("There is no certificate in what was pasted."),
        _("A certificate begins with -----BEGIN CERTIFICATE-----, and 200,000 characters are the most we take."),
        _("Paste the certificate of the authority as PEM text."),
        setup(_("Change the certificate"), "site", "id_ca_pem"),
    ),
    "ca_unreadable": Entry(
        _("The certificate cannot be read."),
        _("It begins like one, but what follows was cut off or changed."),
        _("Copy it once more, from BEGIN CERTIFICATE to END CERTIFICATE."),
        setup(_("Change the certificate"), "site", "id_ca_pem"),
    ),
    "ca_private_key": Entry(
        _("That is a private key, and it was not kept."),
        _("We only need the authority's certificate, which is no secret. A private key belongs to whoever signs."),
        _("Paste the certificate alone. If it was a real key, have it replaced."),
        setup(_("Change the certificate"), "site", "id_ca_pem"),
    ),
    "ca_ended": Entry(
        _("The certificate “{certificate}” ended on {ended}."),
        _("Nothing signed by it is trusted any more."),
        _("Ask whoever runs the site for the present one."),
        setup(_("Change the certificate"), "site", "id_ca_pem"),
    ),
    "not_https": Entry(
        _("The address must start with https://."),
        _("Over http your token could be read on the way."),
        _("Use https in the address."),
        CHANGE,
    ),
    "bad_address": Entry(
        _("“{site}” is not the address of a site."),
        _("An address looks like https://acme.atlassian.net, without a user name or spaces."),
        _("Open Jira in a tab and copy what is before /browse."),
        CHANGE,
    ),
    "site_of_others": Entry(
        _("{site} is connected already, for backlogs that are not yours."),
        _("Its sign-in belongs to {names}, and exports of yours would use it."),
        _("Ask one of them to connect your backlog; make them an admin of it for that."),
        CHANGE,
    ),
    "forbidden_address": Entry(
        _("{site} may not be used from here."),
        _("It lies in a private network or on an unusual port, and those are closed to this site. Nothing was sent."),
        _("Use the public address of your Jira, or ask whoever runs this site to allow it (JIRA_ALLOWED_HOSTS)."),
        CHANGE,
    ),
    "sso_page": Entry(
        _("A sign-in page answered instead of Jira."),
        _("Single sign-on stands before Jira's API at {site}."),
        _("Ask your Jira admin to let API calls through, or use the address where Jira itself answers."),
        CHANGE,
    ),
    "redirected": Entry(
        _("{site} sent us to another address."),
        _("We do not take your sign-in to an address that you did not name."),
        _("Use the address that Jira shows in the browser once it is open."),
        CHANGE,
    ),
    "unavailable": Entry(
        _("Jira does not answer."),
        _("{site} is down or cannot be reached."),
        _("We try again every minute for an hour."),
        tone="warning",
    ),
    "timeout": Entry(
        _("Jira does not answer."),
        _("{site} took too long."),
        _("We try again every minute for an hour."),
        tone="warning",
    ),
    "rate_limited": Entry(
        _("Jira asked us to slow down."),
        _("Too many requests at once."),
        _("Nothing to do. It goes on by itself."),
        tone="warning",
    ),
    "rate_limited_for": Entry(
        _("Jira asked us to slow down."),
        _("Too many requests at once."),
        _("Nothing to do. It goes on by itself in {seconds} s."),
        tone="warning",
    ),
    "too_large": Entry(
        _("Jira's answer was too large to read."),
        _("It was longer than this site accepts. Nothing was changed."),
        _("Ask whoever runs this site to raise JIRA_MAX_ANSWER_BYTES."),
    ),
    "unreadable": Entry(
        _("Jira's answer could not be read."),
        _("It was not in the form that Jira's documentation gives, so nothing was taken from it."),
        _("Try again. If it stays so, tell whoever runs this site."),
        tone="warning",
    ),
    "removed_api": Entry(
        _("Jira no longer offers what we asked for."),
        _("Atlassian removed this part of its API."),
        _("Update Stories & QA, or tell whoever runs this site."),
    ),
    "unknown": Entry(
        _("Jira answered in a way we do not know."),
        _("Nothing was changed. (Status {status}, {code}.)"),
        _("Try again. If it stays so, tell whoever runs this site."),
        Step(_("Open Jira overview"), "overview", ("project",), needs=EXPORT),
    ),
}
