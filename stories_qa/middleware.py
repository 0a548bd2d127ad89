"""Sign-in for htmx requests: the whole page goes to the sign-in form, not a fragment of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.deprecation import MiddlewareMixin


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
