"""Answers that no single view gives: sign-in for htmx requests, and text that the database cannot take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.deprecation import MiddlewareMixin

from stories_qa.views.errors import bad_request


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
