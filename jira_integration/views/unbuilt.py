"""Stands where a page is not built yet, so that its name can be reversed."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def unbuilt(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404
