"""The way to Jira, Jira itself, the sign-in, and what Jira offers to this account."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from jira_integration.client.api import JiraClient
from jira_integration.client.auth import Anonymous
from jira_integration.client.exceptions import ErrorCode, JiraCaptcha, JiraError, JiraForbidden, JiraNotFound
from jira_integration.client.schemas import ServerInfo
from jira_integration.models import ExportedTicket, JiraConnection
from jira_integration.setup.check import ENDS_SOON
from jira_integration.setup.discover import as_not_jira, quick_client
from jira_integration.setup.doctor.report import Report
from jira_integration.setup.webhook import webhook_url

SECONDS = 10.0
CLOCKS_APART = timedelta(minutes=1)
OLDEST_SERVER = (8, 14)  # personal access tokens came with it
# From the outside in: which check an error belongs to. What stands before it is fine then, what stands after was not
# asked.
ROAD = ("address", "dns", "answers", "certificate", "jira")
BELONGS = {
    ErrorCode.BAD_ADDRESS: "address",
    ErrorCode.NOT_HTTPS: "address",
    ErrorCode.FORBIDDEN_ADDRESS: "address",
    ErrorCode.DNS: "dns",
    ErrorCode.REFUSED: "answers",
    ErrorCode.TIMEOUT: "answers",
    ErrorCode.UNAVAILABLE: "answers",
    ErrorCode.RATE_LIMITED: "answers",
    ErrorCode.TLS: "certificate",
}


async def reach(report: Report) -> bool:
    """Ask for serverInfo without a login; True when Jira answered as itself."""
    connection = report.connection
    try:
        async with quick_client(connection.site_url, Anonymous(), SECONDS) as nobody:
            info = await nobody.server_info()
    except JiraError as error:
        trouble = as_not_jira(error)
        at = BELONGS.get(trouble.code, "jira")
        for slug in ROAD[: ROAD.index(at)]:
            report.ok(slug)
        report.trouble(at, trouble)
        return False
    for slug in ROAD:
        report.ok(slug)
    report.ok("address", connection.site_url)
    report.ok("jira", info.server_title or connection.host)
    _clock(report, info)
    return _kind(report, info)


def _clock(report: Report, info: ServerInfo) -> None:
    """Jira's own time against ours. Tokens and webhooks' times are judged by clocks."""
    try:
        theirs = datetime.strptime(info.server_time, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        report.ok("clock", _("Jira does not tell its time."))
        return
    apart = abs(timezone.now() - theirs)
    if apart <= CLOCKS_APART:
        report.ok("clock", _("Less than a minute apart."))
        return
    why = _("Jira's clock and ours are %(n)d s apart.") % {"n": apart.total_seconds()}
    report.warn("clock", why, _("Let both machines follow a time server (NTP)."))


def _kind(report: Report, info: ServerInfo) -> bool:
    Deployment = JiraConnection.Deployment
    found = Deployment.CLOUD if info.is_cloud else Deployment.DATACENTER
    expected = report.connection.deployment
    named = f"{found.label} {info.version}".strip()
    if expected and expected != found:
        why = _("%(found)s answers; this connection was made for %(expected)s.")
        todo = _("Go through the set-up again from its first step.")
        values = {"found": named, "expected": Deployment(expected).label}
        report.fail("kind", why % values, todo)
        return False
    if found == Deployment.DATACENTER and _version(info.version) < OLDEST_SERVER:
        wanted = ".".join(map(str, OLDEST_SERVER))
        why = _("%(found)s is older than %(wanted)s, the oldest that this works with.")
        report.warn("kind", why % {"found": named, "wanted": wanted}, _("Ask the Jira admin for an update."))
    else:
        report.ok("kind", named)
    return True


def _version(text: str) -> tuple[int, ...]:
    parts = [part for part in text.split(".")[:2] if part.isdigit()]
    return tuple(map(int, parts)) or OLDEST_SERVER


async def sign_in(report: Report, jira: JiraClient) -> bool:
    """Who Jira says we are; True when it is somebody."""
    connection = report.connection
    try:
        account = await jira.myself()
    except JiraCaptcha as captcha:
        report.ok("sign_in", _("Not refused: Jira did not look at it."))
        report.trouble("captcha", captcha)
        return False
    except JiraError as trouble:
        ended = connection.secret_ends_on is not None and connection.secret_ends_on < timezone.localdate()
        if ended and trouble.code in (ErrorCode.BAD_LOGIN, ErrorCode.LOGIN_EXPIRED):
            report.because("token_end", "login_expired", {"ended": connection.secret_ends_on})
        else:
            report.trouble("sign_in", trouble)
        return False
    if not (account.account_id or account.name):
        report.because("sign_in", "bad_login")
        return False
    report.ok("sign_in", _("Jira accepts it."))
    report.ok("captcha")
    _token_end(report)
    known = account.account_id or account.name
    if connection.account_id and connection.account_id != known:
        why = _("The sign-in belongs to %(now)s, and was saved as %(before)s.")
        values = {"now": account.display_name, "before": connection.account_name}
        report.warn("account", why % values, _("What we create carries the new name. Test the sign-in in the set-up."))
    elif not account.active:
        report.fail("account", _("%(who)s is not active in Jira.") % {"who": account.display_name})
    else:
        report.ok("account", account.display_name)
    return True


def _token_end(report: Report) -> None:
    ends = report.connection.secret_ends_on
    if ends is None:
        report.ok("token_end", _("No end date was given."))
        return
    day = date_format(ends, "j F Y")
    if ends <= timezone.localdate() + ENDS_SOON:
        report.warn("token_end", _("It ends on %(day)s.") % {"day": day}, _("Replace it before then."))
    else:
        report.ok("token_end", _("Until %(day)s.") % {"day": day})


async def interfaces(report: Report, jira: JiraClient) -> None:
    """The two reads that everything rests on: by search, and by id."""
    connection = report.connection
    mapping = await connection.mappings.exclude(jira_project_id="").afirst()
    ticket = await ExportedTicket.objects.filter(connection=connection, unlinked_at=None).exclude(issue_id="").afirst()
    try:
        if mapping is not None:
            async for _page in jira.search(f'project = {mapping.jira_project_id} AND updated >= "-1m"', page_size=1):
                break
        if ticket is not None:
            await jira.bulk_fetch([ticket.issue_id], fields=["status"])
    except JiraError as trouble:
        # A project out of sight is the project's own check; here it is about the interface.
        if trouble.code == ErrorCode.REJECTED:
            report.ok("interfaces")
        else:
            report.trouble("interfaces", trouble)
        return
    report.ok("interfaces", _("Search and reading by id answer."))


async def webhook(report: Report, jira: JiraClient) -> None:
    """Ours is registered, switched on and leads here; where the account may not see that, when the last event came."""
    connection = report.connection
    seen = connection.webhook_seen_at
    if connection.webhook_secret is None:
        why = _("There is none: changes in Jira are found by asking.")
        report.warn("webhook", why, _("Create it in the set-up's webhook step."))
        return
    if connection.webhook_id:
        try:
            known = {one.id: one for one in await jira.list_webhooks()}
        except (JiraForbidden, JiraNotFound):
            known = None
        if known is not None:
            ours = known.get(connection.webhook_id)
            todo = _("Create it again in the set-up's webhook step.")
            if ours is None:
                report.fail("webhook", _("Jira does not have it any more."), todo)
                return
            if not ours.enabled:
                report.fail("webhook", _("It is switched off in Jira."), _("Switch it on under System, WebHooks."))
                return
            if ours.url and not ours.url.endswith(webhook_url(connection).rpartition("/jira/")[2]):
                report.fail("webhook", _("It leads to another address: %(url)s.") % {"url": ours.url}, todo)
                return
    if seen is None:
        todo = _("Change an issue in Jira. If nothing comes, Jira cannot reach this site's address.")
        report.warn("webhook", _("No event came yet."), todo)
    else:
        report.ok("webhook", _("Last event %(at)s.") % {"at": date_format(timezone.localtime(seen), "j M Y, H:i")})
