"""What no single view does: sign-in for htmx requests, the person's time zone, text that the database cannot take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from stories_qa.remembered import reading
from stories_qa.views.errors import bad_request

ZONE_COOKIE = "sq-zone"


class HtmxLoginMiddleware(MiddlewareMixin):
    """A redirect to the sign-in page, answered to htmx, becomes 401 with `HX-Redirect`. `next` is the page the
    person looks at (htmx tells its address), not the fragment that was asked for."""

    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.headers.get("HX-Request") != "true" or response.status_code != 302:
            return response
        sign_in = resolve_url(settings.LOGIN_URL)
        if urlsplit(response.headers.get("Location", "")).path != sign_in:
            return response
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        here = page.path + (f"?{page.query}" if page.query else "") if page.netloc == request.get_host() else "/"
        answer = HttpResponse(status=401)
        answer.headers["HX-Redirect"] = f"{sign_in}?{urlencode({'next': here})}"
        return answer


class TimeZoneMiddleware(MiddlewareMixin):
    """Times in the zone of the person's browser, which a script writes into a cookie, or of their choice."""

    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

    def process_request(self, request: HttpRequest) -> None:
        activate_zone(request.COOKIES.get(ZONE_COOKIE, ""))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        timezone.deactivate()
        return response


class SocketTimeZone:
    """The same for a socket: what it renders has the times of the page that it is part of. Stands behind Channels'
    cookie middleware; each socket is a task of its own, and the zone holds for that."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        activate_zone(scope.get("cookies", {}).get(ZONE_COOKIE, ""))
        await self.app(scope, receive, send)


def activate_zone(name: str) -> None:
    """A name of the zone database; anything else is the site's own zone."""
    timezone.activate(ZoneInfo(name)) if name in available() else timezone.deactivate()


@cache
def available() -> frozenset[str]:
    return frozenset(available_timezones())


class ZeroByteMiddleware(MiddlewareMixin):
    """Postgres takes no zero byte, not even to compare with. Forms say so beside the field; in an address, a filter or
    a button's value it is nobody's typing, and the answer is 400."""

    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, DataError):
            return None
        lists = [*request.GET.lists(), *request.POST.lists()]
        sent = [request.path, *(value for _name, values in lists for value in values)]
        if not any("\x00" in value or "%00" in value for value in sent):
            return None
        return bad_request(request, exception)


class ReaderMiddleware(MiddlewareMixin):
    """What a page asks of the reader's projects and roles is read once for it; see stories_qa/remembered.py."""

    sync_capable, async_capable = True, False
    get_response: Callable[[HttpRequest], HttpResponseBase]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "GET":
            return self.get_response(request)
        with reading(request):
            return self.get_response(request)
