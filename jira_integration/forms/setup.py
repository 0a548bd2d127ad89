"""The set-up's plain forms: address, sign-in, issue types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.catalogue import explain
from jira_integration.models import JiraConnection
from jira_integration.setup.certificates import BadCertificate, read_pem
from jira_integration.setup.connect import LOGINS

Text = Any  # str, or a text that is translated when it is shown


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
    ca_pem = forms.CharField(
        label=gettext_lazy("Certificate of your own authority"),
        help_text=gettext_lazy(
            "Only for a Jira whose certificate your company signed itself: the authority's certificate as PEM text."
        ),
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"class": "input mono", "rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean_ca_pem(self) -> str:
        text = str(self.cleaned_data.get("ca_pem") or "")
        if not text:
            return ""
        try:
            return read_pem(text)[0]
        except BadCertificate as bad:
            raise forms.ValidationError(str(explain(bad.code, bad.values))) from None


@dataclass(frozen=True)
class LoginWords:
    """How one kind of login is asked for; without `user` there is no name to give, without `secret` nothing at all."""

    line: Text
    user: Text = ""
    no_user: Text = ""
    secret: Text = ""
    no_secret: Text = ""
    secret_help: Text = ""
    ends_help: Text = ""


Login = JiraConnection.Login
WORDS: dict[str, LoginWords] = {
    Login.API_TOKEN: LoginWords(
        line=gettext_lazy("API token (Cloud): the account's e-mail and a token it made"),
        user=gettext_lazy("E-mail of the account"),
        no_user=gettext_lazy("Enter the e-mail of the Jira account."),
        secret=gettext_lazy("API token"),
        no_secret=gettext_lazy("Enter the API token."),
        secret_help=gettext_lazy(
            "Made at id.atlassian.com, Security, API tokens; with scopes or without. It is stored encrypted and never "
            "shown."
        ),
        ends_help=gettext_lazy("We remind you two weeks before. Jira's tokens last a year at most."),
    ),
    Login.OAUTH2: LoginWords(
        line=gettext_lazy("OAuth 2.0 (Cloud): you consent at Atlassian, and nothing is copied"),
    ),
    Login.PAT: LoginWords(
        line=gettext_lazy("Personal access token (Data Center): a token made in your Jira profile"),
        secret=gettext_lazy("Personal access token"),
        no_secret=gettext_lazy("Enter the personal access token."),
        secret_help=gettext_lazy(
            "Made in Jira under your picture, Profile, Personal Access Tokens (Jira 8.14 and later). It is stored "
            "encrypted and never shown."
        ),
        ends_help=gettext_lazy("We remind you two weeks before. Leave it empty for a token without an end."),
    ),
    Login.BASIC: LoginWords(
        line=gettext_lazy("User name and password (Data Center, least safe)"),
        user=gettext_lazy("User name"),
        no_user=gettext_lazy("Enter the user name of the Jira account."),
        secret=gettext_lazy("Password"),
        no_secret=gettext_lazy("Enter the password."),
        secret_help=gettext_lazy("The one the account signs in to Jira with. It is stored encrypted and never shown."),
    ),
}


class SignInForm(forms.Form):
    """One kind of login at a time. Write-only for the secret: never prefilled, and left empty it keeps the saved one
    of the same kind."""

    login = forms.ChoiceField(
        label=gettext_lazy("How to sign in"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how to sign in.")},
    )
    user_name = forms.CharField(
        help_text=gettext_lazy("Whose account? Everything we create in Jira carries this name."),
        max_length=254,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "username", "spellcheck": "false"}),
    )
    token = forms.CharField(
        max_length=4000,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"class": "input", "autocomplete": "off"}),
    )
    secret_ends_on = forms.DateField(
        label=gettext_lazy("The token is valid until"),
        required=False,
        error_messages={"invalid": gettext_lazy("Write the date as 2027-03-14.")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "input", "type": "date"}),
    )

    def __init__(self, connection: JiraConnection, data: Mapping[str, Any] | None = None, kind: str = "") -> None:
        self.connection = connection
        fitting = LOGINS.get(connection.deployment) or LOGINS[JiraConnection.Deployment.CLOUD]
        asked = kind or str((data or {}).get("login", "")) or connection.login
        self.kind = asked if asked in fitting else fitting[0]
        self.keeps_secret = connection.secret is not None and connection.login == self.kind
        same = connection.login == self.kind
        super().__init__(
            data,
            initial={
                "login": self.kind,
                "user_name": connection.user_name if same else "",
                "secret_ends_on": connection.secret_ends_on if same else None,
            },
        )
        login = self.fields["login"]
        assert isinstance(login, forms.ChoiceField)
        login.choices = [(one.value, WORDS[one].line) for one in fitting]
        self._word(WORDS[self.kind])

    def _word(self, words: LoginWords) -> None:
        user, token, ends = (self.fields[name] for name in ("user_name", "token", "secret_ends_on"))
        user.label, user.error_messages["required"] = words.user, words.no_user
        token.label, token.help_text, token.error_messages["required"] = (
            words.secret,
            words.secret_help,
            words.no_secret,
        )
        token.required, ends.help_text = not self.keeps_secret, words.ends_help
        for name, wanted in (("user_name", words.user), ("token", words.secret), ("secret_ends_on", words.ends_help)):
            if not wanted:
                del self.fields[name]

    def clean_token(self) -> str:
        typed = str(self.cleaned_data.get("token") or "")
        if self.kind == Login.BASIC:  # a password may hold anything
            return typed
        token = typed.strip()
        if any(char.isspace() or not char.isprintable() for char in token):
            raise forms.ValidationError(_("A token holds no spaces. Copy it once more."))
        return token
