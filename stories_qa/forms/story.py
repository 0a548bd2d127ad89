"""Forms of a story and an epic, one a section of their pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stories_qa.forms.text import Text
from stories_qa.models import Epic, Priority, Project, Status, Story

TITLE_LIMIT = 2000  # characters
NAMED = "name:"  # an assignee who is no member: known by name only


class TitleField(Text):
    """One line; line ends that were pasted in become spaces."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("Title"),
            max_length=TITLE_LIMIT,
            error_messages={
                "required": gettext_lazy("Enter a title."),
                "max_length": gettext_lazy("The title has %(show_value)d characters; 2,000 is the most."),
            },
            widget=forms.TextInput(attrs={"autocomplete": "off", "data-focus": "", "dir": "auto"}),
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        return " ".join(str(super().to_python(value) or "").split())


def text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "dir": "auto"})


class LabelsField(Text):
    """Labels with commas between them; the cleaned value is a list without doubles."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Labels"),
            required=False,
            max_length=2000,
            help_text=gettext_lazy("Words with commas between them."),
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        typed = [label.strip() for label in str(super().clean(value) or "").split(",")]
        return list(dict.fromkeys(label for label in typed if label))


class TextForm(forms.Form):
    """Title and description of a story or an epic."""

    title = TitleField()
    description = Text(
        label=gettext_lazy("Description"),
        required=False,
        max_length=200_000,
        help_text=gettext_lazy("Markdown. As a … I want … so that …"),
        widget=text_area(10),
    )


class PropertiesForm(forms.Form):
    """Everything of a story that is chosen rather than written."""

    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=Status.choices, initial=Status.BACKLOG)
    priority = forms.ChoiceField(label=gettext_lazy("Priority"), choices=Priority.choices, initial=Priority.MEDIUM)
    epic = forms.ChoiceField(label=gettext_lazy("Epic"), required=False)
    assignee = forms.ChoiceField(label=gettext_lazy("Assignee"), required=False)
    points = forms.DecimalField(
        label=gettext_lazy("Story points"),
        required=False,
        min_value=0,
        max_digits=5,
        decimal_places=1,
        error_messages={
            "invalid": gettext_lazy("Story points are a number, for example 3 or 0.5."),
            **dict.fromkeys(
                ("min_value", "max_digits", "max_whole_digits", "max_decimal_places"),
                gettext_lazy("Story points go from 0 to 9999.9, with one digit after the point."),
            ),
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    labels = LabelsField()

    def __init__(self, *args: Any, project: Project, story: Story | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        epics = Epic.objects.filter(project=project).values_list("key", "title")
        choose(self, "epic", [("", _("No epic")), *((key, f"{title[:80]} ({key})") for key, title in epics)])
        people = [(user.get_username(), user.get_full_name() or user.get_username()) for user in members(project)]
        named = story.assignee_name if story else ""
        outside = [(NAMED + named, _("%(name)s (not a member)") % {"name": named})] if named else []
        choose(self, "assignee", [("", _("Nobody")), *outside, *people])

    def values(self) -> dict[str, Any]:
        """The cleaned values, keyed as `writing.change` wants them."""
        data = dict(self.cleaned_data)
        data["epic"] = Epic.objects.filter(project=self.project, key=data["epic"]).first()
        chosen = data["assignee"]
        data["assignee"] = members(self.project).filter(username=chosen).first() if chosen else None
        data["assignee_name"] = chosen.removeprefix(NAMED) if chosen.startswith(NAMED) else ""
        return data


class StoryForm(TextForm, PropertiesForm):
    """A new story; criteria and test cases are added on its page."""

    field_order = ["title", "description", "epic", "status", "priority", "assignee", "points", "labels"]


class EpicForm(TextForm):
    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=Status.choices, initial=Status.BACKLOG)
    labels = LabelsField()


def choose(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def members(project: Project) -> Any:
    return get_user_model()._default_manager.filter(memberships__project=project, is_active=True).order_by("username")
