"""This installation's own health: key, queue, worker, address; and how old our news of Jira is."""

from __future__ import annotations

from datetime import timedelta

from celery import current_app
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from jira_integration.conf import conf
from jira_integration.models import JiraConnection, Pulse, SecretUnreadable
from jira_integration.setup.doctor.report import Report
from jira_integration.setup.governing import pauses_of, redis_url
from jira_integration.timewords import ago

SECONDS = 2.0
SCHEDULE = "schedule"  # felt by the sweep that beat starts every few seconds
LATE = timedelta(minutes=2)
LONG_PAUSE_SECONDS = 60


def check(report: Report) -> None:
    _key(report)
    _queue(report)
    _worker(report)
    _public_url(report)


def _key(report: Report) -> None:
    connection = report.connection
    sealed = [one for one in (connection.secret, connection.webhook_secret) if one is not None]
    try:
        for one in sealed:
            one.open(connection.bound_to)
    except SecretUnreadable as unreadable:
        todo = _("Set FIELD_ENCRYPTION_KEY to the key it was saved with, or enter the sign-in again.")
        report.fail("key", str(unreadable), todo)
        return
    report.ok("key", _("What is stored can be opened."))


def _queue(report: Report) -> None:
    url = redis_url()
    if not url:
        todo = _("Set REDIS_URL. Without it exports run only with jira_export --wait, and each process counts alone.")
        report.warn("queue", _("No Redis is set."), todo)
        return
    try:
        with Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as redis:
            redis.ping()
    except RedisError as away:
        todo = _("Start it, or correct REDIS_URL. Exports are stored and start by themselves once it is back.")
        report.fail("queue", _("Redis does not answer: %(why)s.") % {"why": type(away).__name__}, todo)
        return
    report.ok("queue", _("Redis answers."))


def _worker(report: Report) -> None:
    """Beat asks for a sweep every few seconds and a worker does it: its pulse is the pulse of both."""
    if report.of("queue").result == "failed":
        return
    felt = Pulse.last(SCHEDULE)
    if felt is not None and felt > timezone.now() - LATE:
        report.ok("worker", _("Last at work %(ago)s.") % {"ago": ago(felt)})
        return
    since = _("Nothing was done since %(ago)s.") % {"ago": ago(felt)} if felt else _("Neither was ever at work here.")
    if _somebody_works():
        todo = _("Start exactly one `celery -A config beat`: without it nobody looks for news or sweeps up.")
        report.fail("worker", f"{since} " + _("A worker answers; the schedule does not run."), todo)
    else:
        todo = _("Start `celery -A config worker` and `celery -A config beat`.")
        report.fail("worker", f"{since} " + _("No worker answers."), todo)


def _somebody_works() -> bool:
    try:
        return bool(current_app.control.ping(timeout=1.0, limit=1))
    except (OperationalError, OSError):
        return False


def _public_url(report: Report) -> None:
    if conf.PUBLIC_URL:
        report.ok("public_url", conf.PUBLIC_URL)
        return
    todo = _("Set JIRA_PUBLIC_URL to this site's address as Jira can reach it.")
    why = _("JIRA_PUBLIC_URL is not set: Jira cannot post webhooks here, and issues have no link back.")
    report.warn("public_url", why, todo)


def news(report: Report) -> None:
    """What is on record: pauses Jira asked for, and the last look."""
    connection = report.connection
    waits = [pause for pause in pauses_of(connection) if pause.seconds is not None]
    longest = max((pause.seconds or 0 for pause in waits), default=0)
    if longest > LONG_PAUSE_SECONDS:
        minutes = -(-int(longest) // 60)
        why = _("Jira asked us to wait; %(n)d more minutes.") % {"n": minutes}
        report.warn("limits", why, _("Nothing to do. What waits goes on by itself."))
    else:
        report.ok("limits", _("Jira asks for no pause."))
    if not connection.mappings.filter(live=True).exists():
        report.ok("news", _("No backlog is turned on for this site."))
        return
    if connection.state == JiraConnection.State.PAUSED:
        report.warn("news", _("Sync is paused for this site."), _("Turn it on again on the overview."))
        return
    late = timedelta(seconds=max(15 * 60, 5 * conf.POLL_SECONDS))
    if connection.checked_at and connection.checked_at > timezone.now() - late:
        report.ok("news", _("Last looked %(ago)s.") % {"ago": ago(connection.checked_at)})
    elif report.of("sign_in").result == "ok":
        last = ago(connection.checked_at) if connection.checked_at else _("never")
        todo = _("Look at the worker and the schedule above; `manage.py jira_sync` looks at once.")
        report.warn("news", _("Last looked: %(last)s.") % {"last": last}, todo)
