"""Filling HTML templates: everything is escaped unless it is Html already."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

_ME = '<span class="me"><span class="face" aria-hidden="true">JO</span>Jonas Ortiz</span>'
_HERE = Path(__file__).parent
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# Characters that turn the direction of text around: shown as they are numbered, so that nothing hides behind them.
_BIDI = {code: f"[U+{code:04X}]" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


class Html(str):
    """Text that is markup."""

    __slots__ = ()


def safe(value: object) -> Html:
    """Any value as markup; Html passes, the rest is escaped."""
    return value if isinstance(value, Html) else Html(escape(str(value).translate(_BIDI)))


def fill(markup: str, /, **values: object) -> Html:
    """`fill("<b>$name</b>", name=…)`."""
    return Html(Template(markup).substitute({name: safe(value) for name, value in values.items()}))


def join(parts: Iterable[Html], between: str = "") -> Html:
    return Html(between.join(parts))


@cache
def _template(name: str) -> str:
    return (_HERE / "templates" / f"{name}.html").read_text(encoding="utf-8")


@cache
def stylesheet() -> str:
    return (_HERE / "static" / "sandbox.css").read_text(encoding="utf-8")


def render(template: str, /, **values: object) -> Html:
    """A template of the folder `templates`."""
    return fill(_template(template), **values)


def respond(
    title: str,
    main: Html,
    *,
    trail: Html | None = None,
    status: int = 200,
    forms_lead_to: str = "",
    signing_in: bool = False,
) -> HTMLResponse:
    """A whole page; `trail` is the way back, in the header; its forms stay here or lead to that other origin.

    You are Jonas on every page, but for those where somebody signs in.
    """
    me = Html("") if signing_in else Html(_ME)
    whole = render("base", title=title, main=main, trail=trail or Html(""), me=me)
    policy = _HEADERS["Content-Security-Policy"].replace("form-action 'self'", f"form-action 'self' {forms_lead_to}")
    headers = _HEADERS | ({"Content-Security-Policy": policy} if forms_lead_to else {})
    return HTMLResponse(whole, status_code=status, headers=headers)
