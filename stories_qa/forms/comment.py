"""The form of a comment."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from stories_qa.forms.story import text_area
from stories_qa.forms.text import Text

BODY_LIMIT = 20_000  # characters; Jira takes 32,767 of its own, larger form


class CommentForm(forms.Form):
    body = Text(
        label=gettext_lazy("Comment"),
        max_length=BODY_LIMIT,
        error_messages={"required": gettext_lazy("Write something first.")},
        widget=text_area(4),
    )
