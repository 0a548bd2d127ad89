"""Signs of a story that every list shows alike: priority, status, tests; and its text as HTML."""

from __future__ import annotations

from functools import cache
from uuid import uuid4

import nh3
from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markdown_it import MarkdownIt

from stories_qa import once
from stories_qa.models import LastResult, Priority, Status

register = template.Library()

# Status → the ring's colour, and the dash of the filled part (the ring is 11 long), "" for an empty ring.
RINGS = {
    Status.BACKLOG: ("neutral", ""),
    Status.READY: ("neutral", ""),
    Status.IN_PROGRESS: ("warning", "5.5 20"),
    Status.IN_REVIEW: ("info", "8.2 20"),
    Status.DONE: ("success", "full"),
}


@register.simple_tag
def priority_sign(code: str) -> SafeString:
    """Three bars, or a red mark for urgent; the word for screen readers and as a tooltip."""
    priority = Priority(code)
    level = list(Priority).index(priority) + 1
    inside = "!" if priority is Priority.URGENT else mark_safe("<i></i><i></i><i></i>")
    word = _("Priority: %(word)s") % {"word": priority.label}
    return format_html(
        '<span class="prio p{0}" role="img" aria-label="{1}" title="{1}">{2}</span>', level, word, inside
    )


@register.simple_tag
def status_sign(code: str) -> SafeString:
    """A ring that fills from backlog (dashed) to done (full, ticked)."""
    status = Status(code)
    family, dash = RINGS[status]
    if dash == "full":
        drawing = mark_safe(
            '<circle class="s-fill" cx="7" cy="7" r="6.3"/><path class="s-tick" d="m4.4 7.2 1.8 1.8 3.4-3.8"/>'
        )
    else:
        edge = ' stroke-dasharray="2 1.6"' if status is Status.BACKLOG else ""
        part = (
            f'<circle cx="7" cy="7" r="1.75" stroke-width="3.5" stroke-dasharray="{dash}" transform="rotate(-90 7 7)"/>'
        )
        drawing = mark_safe(  # noqa: S308  (only constants of this module)
            f'<circle cx="7" cy="7" r="5.7" stroke-width="1.6"{edge}/>{part if dash else ""}'
        )
    return format_html(
        '<span title="{0}"><svg class="st s-{1}" viewBox="0 0 14 14" aria-hidden="true">{2}</svg>'
        '<span class="vh">{0}. </span></span>',
        status.label,
        family,
        drawing,
    )


@register.simple_tag
def tests_bar(total: int, passed: int) -> SafeString | str:
    """How many of a story's test cases passed when they were last run."""
    if not total:
        return format_html('<span class="sm subtle nowrap">{}</span>', _("no tests"))
    words = ngettext("%(passed)d of %(total)d test passes", "%(passed)d of %(total)d tests pass", total)
    return format_html(
        '<span class="tests" title="{0}"><svg aria-hidden="true"><rect class="f-ok" width="{1}%" height="100%"/></svg>'
        '<span class="num" aria-hidden="true">{2}/{3}</span><span class="vh">{0}</span></span>',
        words % {"passed": passed, "total": total},
        f"{100 * passed / total:.1f}",
        passed,
        total,
    )


@cache
def reader() -> MarkdownIt:
    # html off: what a person typed as a tag is shown as text, also in exports.
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as HTML; headings start below the page's own, and only harmless elements and links pass."""
    tokens = reader().parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    html = reader().renderer.render(tokens, reader().options, {})
    allowed = nh3.ALLOWED_TAGS - {"img", "details", "summary", "map", "area"}
    return mark_safe(nh3.clean(html, tags=allowed, attributes={"a": {"href", "title"}}))  # noqa: S308  (cleaned here)


RESULTS = {
    LastResult.NOT_RUN: ("line", "clock"),
    LastResult.PASSED: ("success", "check-circle"),
    LastResult.FAILED: ("danger", "alert"),
    LastResult.BLOCKED: ("warning", "pause"),
}


@register.simple_tag
def result_sign(code: str) -> SafeString:
    """The last result of a test case as a badge."""
    result = LastResult(code)
    family, icon = RESULTS[result]
    source = static("jira_integration/icons.svg")
    return format_html(
        '<span class="badge {}"><svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>{}</span>',
        family,
        source,
        icon,
        result.label,
    )


@register.simple_tag(takes_context=True)
def once_token(context: template.Context) -> SafeString:
    """The hidden field that makes a form that makes something do so once; a refused form keeps the one it came with."""
    request = context.get("request")
    sent = request.POST.get(once.NAME, "")[:64] if request is not None else ""
    return format_html('<input type="hidden" name="{}" value="{}">', once.NAME, sent or uuid4().hex)


@register.simple_tag
def share_bar(part: int, total: int) -> SafeString:
    """ "3 of 12" with a bar."""
    if not total:
        return format_html('<span class="sm subtle nowrap">{}</span>', _("no stories"))
    words = _("%(part)d of %(total)d") % {"part": part, "total": total}
    return format_html(
        '<span class="tests nowrap"><svg aria-hidden="true"><rect class="f-ok" width="{}%" height="100%"/></svg>'
        "{}</span>",
        f"{100 * part / total:.1f}",
        words,
    )
