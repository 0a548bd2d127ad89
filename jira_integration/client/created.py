"""The answer to a bulk create, and which request each part of it belongs to."""

from __future__ import annotations

from typing import Any

from pydantic import AliasPath, Field, field_validator

from jira_integration.client.answers import harmless
from jira_integration.client.schemas import JiraModel


def plain_texts(value: Any) -> tuple[str, ...]:
    return tuple(harmless(text) for text in value if isinstance(text, str)) if isinstance(value, list | tuple) else ()


class CreatedIssue(JiraModel):
    """An issue Jira has made. A failed transition does not fail the create: it says so in `transition_errors`."""

    id: str  # never changes
    key: str  # "SHOP-7"; changes when the issue moves to another project
    transition_status: int | None = Field(default=None, validation_alias=AliasPath("transition", "status"))
    transition_errors: tuple[str, ...] = Field(
        default=(), validation_alias=AliasPath("transition", "errorCollection", "errorMessages")
    )

    @property
    def transition_refused(self) -> bool:
        """The issue stands where it was created, though a transition was asked for."""
        return bool(self.transition_errors) or (self.transition_status or 200) >= 400

    @field_validator("transition_errors", mode="before")
    @classmethod
    def plain_transition_errors(cls, value: Any) -> tuple[str, ...]:
        return plain_texts(value)


class BulkError(JiraModel):
    """Why one element of a bulk create was refused. `failed_element_number` counts from 0, as sent."""

    failed_element_number: int = Field(validation_alias="failedElementNumber")
    status: int = 400
    messages: tuple[str, ...] = Field(default=(), validation_alias=AliasPath("elementErrors", "errorMessages"))
    field_errors: dict[str, str] = Field(default_factory=dict, validation_alias=AliasPath("elementErrors", "errors"))

    @field_validator("messages", mode="before")
    @classmethod
    def plain_messages(cls, value: Any) -> tuple[str, ...]:
        return plain_texts(value)

    @field_validator("field_errors", mode="before")
    @classmethod
    def plain_errors(cls, value: Any) -> dict[str, str]:
        found = value if isinstance(value, dict) else {}
        return {harmless(str(name)): harmless(str(text)) for name, text in found.items()}


class BulkAnswer(JiraModel):
    """`issues` holds the successes only and does not say which request each one answers."""

    issues: list[CreatedIssue] = Field(default_factory=list)
    errors: list[BulkError] = Field(default_factory=list)

    def by_position(self, sent: int) -> dict[int, CreatedIssue] | None:
        """Position in the request -> issue, for a request of `sent` elements; None when the counts do not add up.

        Jira keeps the order and leaves the failed ones out. That is experience, not documented: read the issues back
        and compare their property before believing it.
        """
        failed = {error.failed_element_number for error in self.errors}
        kept = [position for position in range(sent) if position not in failed]
        if len(kept) != len(self.issues) or not failed <= set(range(sent)):
            return None
        return dict(zip(kept, self.issues, strict=True))
