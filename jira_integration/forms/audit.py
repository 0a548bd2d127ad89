"""What to show of the audit trail; the filter stands in the address, so that it can be kept and sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jira_integration.conf import story_source
from jira_integration.contracts import ProjectInfo
from jira_integration.models import AuditEntry

DAY = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")
CHOICES = forms.Select(attrs={"class": "select"})


class AuditFilter(forms.Form):
    """`projects` are those the person may look at; another one is no choice. What cannot be read filters nothing and is
    said."""

    project = forms.ChoiceField(label=_("Project"), required=False)
    who = forms.CharField(
        label=_("By"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "input"}),
    )
    what = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("Everyone")), *AuditEntry.Actor.choices],
        widget=CHOICES,
    )
    object = forms.CharField(
        label=_("Story or issue"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "US-142", "size": 10, "class": "input"}),
    )
    since = forms.DateField(label=_("From"), required=False, widget=DAY)
    until = forms.DateField(label=_("To"), required=False, widget=DAY)

    def __init__(self, data: Any, projects: Sequence[ProjectInfo]) -> None:
        super().__init__(data, auto_id="audit_%s")
        self.projects = projects
        choices = [("", _("All of mine")), *((one.key, one.name) for one in projects)]
        self.fields["project"] = forms.ChoiceField(label=_("Project"), required=False, choices=choices, widget=CHOICES)
        self.order_fields(list(self.base_fields))

    def add_prefix(self, field_name: str) -> str:
        """The addresses of the trail say from= and to=; "from" is no name for an attribute in Python."""
        return {"since": "from", "until": "to"}.get(field_name, field_name)

    @property
    def asked_project(self) -> ProjectInfo | None:
        return next((one for one in self.projects if one.key == self.cleaned_data.get("project")), None)

    @property
    def narrows(self) -> bool:
        return any(value for name, value in self.cleaned_data.items() if name != "project")

    def entries(self) -> QuerySet[AuditEntry]:
        """Newest first; call after is_valid(), which may also be False."""
        asked = self.cleaned_data
        chosen = [self.asked_project] if self.asked_project else list(self.projects)
        entries = AuditEntry.objects.filter(project_ref__in=[one.ref for one in chosen if one]).select_related("user")
        if asked.get("who"):
            entries = entries.filter(actor_name__icontains=asked["who"])
        if asked.get("what"):
            entries = entries.filter(actor=asked["what"])
        if asked.get("object"):
            entries = entries.filter(self._about(asked["object"].strip(), chosen))
        if asked.get("since"):
            entries = entries.filter(at__gte=_midnight(asked["since"]))
        if asked.get("until"):
            entries = entries.filter(at__lt=_midnight(asked["until"] + timedelta(days=1)))
        return entries

    def _about(self, key: str, chosen: Sequence[ProjectInfo | None]) -> Q:
        """A story by the key people type, whatever it is called by now; an issue, a run by what the sentence names."""
        source = story_source()
        refs = [source.resolve(one.ref, key) for one in chosen if one]
        about = Q(object_ref__in=[ref for ref in refs if ref])
        for name in ("story", "issue", "key"):
            about |= Q(**{f"values__{name}": key}) | Q(**{f"values__{name}": key.upper()})
        if key.isascii() and key.isdigit() and len(key) < 10:
            about |= Q(values__run=int(key))
        return about


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
