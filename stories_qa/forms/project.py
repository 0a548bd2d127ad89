"""Forms of a project and its members."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stories_qa.forms.text import Text
from stories_qa.models import Membership, Project, Role

KEY = RegexValidator(
    r"^[A-Z][A-Z0-9]{1,9}$", gettext_lazy("The key has 2 to 10 letters and digits, a letter first, for example SHOP.")
)


class ProjectForm(forms.Form):
    name = Text(label=gettext_lazy("Name"), max_length=120, error_messages={"required": gettext_lazy("Enter a name.")})
    key = Text(
        label=gettext_lazy("Key"),
        max_length=10,
        help_text=gettext_lazy("Short, for addresses: SHOP gives /p/SHOP/. It stays for good."),
        error_messages={"required": gettext_lazy("Enter a key.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"]).upper()
        KEY(key)
        if Project.objects.filter(key=key).exists():
            raise forms.ValidationError(_("%(key)s is taken. Choose another key.") % {"key": key})
        return key


class MemberForm(forms.Form):
    """Add somebody who has an account, by user name or e-mail."""

    person = Text(
        label=gettext_lazy("User name or e-mail"),
        max_length=254,
        error_messages={"required": gettext_lazy("Enter a user name or an e-mail address.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.EDITOR)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_person(self) -> Any:
        asked = self.cleaned_data["person"]
        people = get_user_model()._default_manager.filter(is_active=True)
        found = people.filter(username=asked).first()
        if found is None and "@" in asked:
            named = list(people.filter(email__iexact=asked)[:2])
            found = named[0] if len(named) == 1 else None
        if found is None:
            raise forms.ValidationError(_("Nobody with an account here is called %(name)s.") % {"name": asked})
        if Membership.objects.filter(project=self.project, user=found).exists():
            raise forms.ValidationError(
                _("%(name)s is a member already. Change the role in the list.") % {"name": asked}
            )
        return found
