"""The form of a test case; its steps are rows (stories_qa.forms.rows)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stories_qa.forms.story import TitleField, text_area
from stories_qa.forms.text import Text
from stories_qa.models import LastResult, Project, Story

STEP_PARTS = ("action", "expected")


class TestCaseForm(forms.Form):
    __test__ = False  # not a pytest class

    title = TitleField()
    story = Text(
        label=gettext_lazy("Story"),
        required=False,
        max_length=24,
        help_text=gettext_lazy("Its key, for example US-142."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    preconditions = Text(label=gettext_lazy("Preconditions"), required=False, max_length=50_000, widget=text_area(3))
    last_result = forms.ChoiceField(
        label=gettext_lazy("Last result"), choices=LastResult.choices, initial=LastResult.NOT_RUN
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_story(self) -> Story | None:
        key = self.cleaned_data["story"]
        if not key:
            return None
        story = Story.objects.filter(project=self.project, key__iexact=key).first()
        if story is None:
            raise forms.ValidationError(_("There is no story %(key)s in this project.") % {"key": key})
        return story
