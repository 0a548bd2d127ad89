"""Where Jira posts. No session, no CSRF: the signature over the raw body is the proof."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from jira_integration import tasks
from jira_integration.conf import conf
from jira_integration.models import JiraConnection, SecretUnreadable
from jira_integration.sync.inbox import Refused, receive

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Prove, store, answer. 200 once stored (also for what was stored before), 503 when it could not be, so that Jira
    posts it again; 401 says nothing about why, and is the same for a connection that does not exist."""
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        length = 0
    if length > conf.WEBHOOK_MAX_BYTES:
        return HttpResponse(status=413)
    if request.content_type != "application/json":
        return HttpResponse(status=415)
    try:
        connection = JiraConnection.objects.get(uid=uid)
        delivery = receive(connection, request.body, request.headers)
    except JiraConnection.DoesNotExist:
        return HttpResponse(status=401)
    except Refused as refused:
        return HttpResponse(status=refused.status)
    except SecretUnreadable:
        log.error("A webhook for connection %s cannot be checked: its secret cannot be opened.", uid)
        return HttpResponse(status=503)
    except DatabaseError:
        log.exception("A webhook for connection %s could not be stored.", uid)
        return HttpResponse(status=503)
    if delivery is not None:
        tasks.enqueue_delivery(delivery.pk)
    return HttpResponse(status=200)
