"""The set-up's plain forms: address, sign-in, issue types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.contracts import Kind
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import JiraConnection

# Which logins can be used now, by kind of Jira; a further kind is a line here and a class in client/auth.py.
LOGINS: dict[str, tuple[JiraConnection.Login, ...]] = {
    JiraConnection.Deployment.CLOUD: (JiraConnection.Login.API_TOKEN,),
    JiraConnection.Deployment.DATACENTER: (),
}


class SiteForm(forms.Form):
    site_url = forms.CharField(
        label=gettext_lazy("Address of your Jira"),
        help_text=gettext_lazy("Open Jira in a tab and copy what is before /browse, e.g. https://acme.atlassian.net"),
        max_length=2000,
        strip=True,
        error_messages={"required": gettext_lazy("Enter the address of your Jira.")},
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "url", "inputmode": "url", "spellcheck": "false"}
        ),
    )


class SignInForm(forms.Form):
    """Write-only for the token: it is never prefilled, and left empty it keeps the saved one."""

    login = forms.ChoiceField(
        label=gettext_lazy("How to sign in"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how to sign in.")},
    )
    user_name = forms.CharField(
        label=gettext_lazy("E-mail of the account"),
        help_text=gettext_lazy("Whose account? Everything we create in Jira carries this name."),
        max_length=254,
        error_messages={"required": gettext_lazy("Enter the e-mail of the Jira account.")},
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "username", "spellcheck": "false"}),
    )
    token = forms.CharField(
        label=gettext_lazy("API token"),
        help_text=gettext_lazy(
            "Made at id.atlassian.com, Security, API tokens. It is stored encrypted and never shown."
        ),
        max_length=4000,
        error_messages={"required": gettext_lazy("Enter the API token.")},
        widget=forms.PasswordInput(render_value=False, attrs={"class": "input", "autocomplete": "off"}),
    )
    secret_ends_on = forms.DateField(
        label=gettext_lazy("The token is valid until"),
        help_text=gettext_lazy("We remind you two weeks before. Jira's tokens last a year at most."),
        required=False,
        error_messages={"invalid": gettext_lazy("Write the date as 2027-03-14.")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "input", "type": "date"}),
    )

    def __init__(self, connection: JiraConnection, data: Mapping[str, Any] | None = None) -> None:
        self.connection = connection
        super().__init__(
            data,
            initial={
                "login": connection.login,
                "user_name": connection.user_name,
                "secret_ends_on": connection.secret_ends_on,
            },
        )
        fitting = LOGINS.get(connection.deployment, ())
        lines = {JiraConnection.Login.API_TOKEN: _("API token (Cloud): the account's e-mail and a token it made")}
        login = self.fields["login"]
        assert isinstance(login, forms.ChoiceField)
        self.fields["token"].required = connection.secret is None
        login.choices = [(one.value, lines.get(one, one.label)) for one in fitting]

    def clean_token(self) -> str:
        token = str(self.cleaned_data.get("token") or "").strip()
        if any(char.isspace() or not char.isprintable() for char in token):
            raise forms.ValidationError(_("A token holds no spaces. Copy it once more."))
        return token


class TypesForm(forms.Form):
    """Which issue type each kind of ours becomes; only types the project has can be chosen."""

    jira_project = forms.CharField(widget=forms.HiddenInput)
    epic_type = forms.ChoiceField(label=gettext_lazy("Epics become"), required=False)
    story_type = forms.ChoiceField(
        label=gettext_lazy("Stories become"),
        error_messages={"required": gettext_lazy("Choose what stories become in Jira.")},
    )
    test_type = forms.ChoiceField(label=gettext_lazy("Test cases become"), required=False)

    def __init__(
        self, metadata: ProjectMetadata, suggested: Mapping[Kind, str], data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            data,
            initial={
                "jira_project": metadata.project_id,
                "epic_type": suggested.get(Kind.EPIC, ""),
                "story_type": suggested.get(Kind.STORY, ""),
                "test_type": suggested.get(Kind.TEST, ""),
            },
        )
        epics = [(one.id, one.name) for one in metadata.epic_types()]
        ordinary = [(one.id, one.name) for one in metadata.issue_types if one.level == 0 and not one.subtask]
        stay = [("", _("Nothing: they stay here"))]
        offered = {
            "epic_type": stay + epics,
            "story_type": [("", _("Choose a type…")), *ordinary],
            "test_type": stay + ordinary,
        }
        for name, choices in offered.items():
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = choices
            chosen.widget.attrs["class"] = "select"
            chosen.error_messages["invalid_choice"] = _("%(key)s has no such issue type. Choose another.") % {
                "key": metadata.key
            }

    def types(self) -> dict[Kind, str]:
        return {
            Kind.EPIC: self.cleaned_data["epic_type"],
            Kind.STORY: self.cleaned_data["story_type"],
            Kind.TEST: self.cleaned_data["test_type"],
        }
