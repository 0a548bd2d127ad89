"""Small things that most pages share: a page of rows, the answer to a form that was taken."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

PAGE_ROWS = 50


def see_other(url: str) -> HttpResponse:
    """303: the answer to a form that was taken, to be fetched with GET."""
    response = redirect(url)
    response.status_code = 303
    return response


def page_number(params: QueryDict) -> int:
    """`?page=`, from 1; anything that is no number is 1."""
    asked = params.get("page", "")
    return max(int(asked), 1) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


class Part:
    """The rows of one page of a list. A number past the end is the last page."""

    def __init__(self, request: HttpRequest, found: QuerySet[Any]) -> None:
        self.found = found
        self.total = found.count()
        self.page = min(page_number(request.GET), max(1, -(-self.total // PAGE_ROWS)))
        self.first = (self.page - 1) * PAGE_ROWS + 1
        self.last = min(self.page * PAGE_ROWS, self.total)
        self.params = request.GET.copy()
        self.params.pop("page", None)

    @cached_property
    def rows(self) -> list[Any]:
        return list(self.found[self.first - 1 : self.last])

    @property
    def next_query(self) -> str:
        """The query string of the next page, "" on the last."""
        return self._query(self.page + 1) if self.last < self.total else ""

    @property
    def previous_query(self) -> str:
        return self._query(self.page - 1) if self.page > 1 else ""

    def _query(self, page: int) -> str:
        params = self.params.copy()
        params["page"] = str(page)
        return params.urlencode()
