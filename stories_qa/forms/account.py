"""Forms of accounts: one's own, and an invitation to somebody who has none."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stories_qa.forms.text import Text
from stories_qa.models import Role

EMAIL_ERRORS = {
    "required": gettext_lazy("Enter an e-mail address."),
    "invalid": gettext_lazy("An e-mail address looks like ana@example.com."),
}


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    first_name = Text(label=gettext_lazy("First name"), max_length=150, required=False)
    last_name = Text(label=gettext_lazy("Last name"), max_length=150, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254, required=False, error_messages=EMAIL_ERRORS)

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        others = User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk)
        if email and others.exists():
            raise forms.ValidationError(_("Another account has this e-mail address."))
        return email


class InvitationForm(forms.Form):
    """Somebody without an account."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=150,
        error_messages=EMAIL_ERRORS,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = Text(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.EDITOR)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "invite")
        super().__init__(*args, **kwargs)
