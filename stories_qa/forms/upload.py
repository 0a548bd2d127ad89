"""The form of an uploaded backlog. What is in the file is checked by the importers, off the request."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

FORMATS = [
    ("auto", gettext_lazy("By its name and content")),
    ("text", gettext_lazy("Text: a story a line")),
    ("csv", gettext_lazy("CSV, also Jira's own export")),
    ("markdown", gettext_lazy("Markdown")),
    ("json", gettext_lazy("JSON")),
    ("gherkin", gettext_lazy("Gherkin (.feature)")),
]


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("Text, CSV, Markdown, JSON or Gherkin; up to 20 MB."),
        max_length=255,
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty. Save it with its content and choose it again."),
            "max_length": gettext_lazy("The file's name is too long. Give it a shorter one."),
        },
        widget=forms.FileInput(attrs={"accept": ".txt,.csv,.tsv,.md,.markdown,.json,.feature"}),
    )
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=FORMATS, initial="auto")
