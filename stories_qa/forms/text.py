"""Text that people type, and what is said of text that cannot be stored."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

NO_ZERO_BYTE = gettext_lazy(
    "This holds a character that cannot be stored (code 0), often left by copying from another program. Type it anew."
)
TOO_LONG = gettext_lazy("This has %(show_value)d characters; %(limit_value)d is the most. Shorten it.")


class Text(forms.CharField):
    """A CharField that words its refusals as this site does."""

    def __init__(self, **kwargs: Any) -> None:
        said = kwargs.pop("error_messages", {})
        words = {"null_characters_not_allowed": NO_ZERO_BYTE, "max_length": TOO_LONG, **said}
        super().__init__(error_messages=words, **kwargs)
