"""Step 3's form: what epics, stories and test cases become in the Jira project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.contracts import Kind
from jira_integration.mapping.case_target import CaseTarget, Target, linked, target_for
from jira_integration.mapping.metadata import ProjectMetadata

TABLE = "table"  # in place of an issue type: test cases become a table in the story's description


class TypesForm(forms.Form):
    """Which issue type each kind of ours becomes; only types the project has can be chosen."""

    jira_project = forms.CharField(widget=forms.HiddenInput)
    epic_type = forms.ChoiceField(label=gettext_lazy("Epics become"), required=False)
    story_type = forms.ChoiceField(
        label=gettext_lazy("Stories become"),
        error_messages={"required": gettext_lazy("Choose what stories become in Jira.")},
    )
    test_type = forms.ChoiceField(label=gettext_lazy("Test cases become"), required=False)
    test_link = forms.ChoiceField(
        label=gettext_lazy("A linked test case"),
        help_text=gettext_lazy("Only where test cases become linked issues."),
        required=False,
    )

    def __init__(
        self,
        metadata: ProjectMetadata,
        suggested: Mapping[Kind, str],
        data: Mapping[str, Any] | None = None,
        cases: CaseTarget | None = None,
    ) -> None:
        self.metadata = metadata
        cases = cases or CaseTarget(Target.STAY)
        super().__init__(
            data,
            initial={
                "jira_project": metadata.project_id,
                "epic_type": suggested.get(Kind.EPIC, ""),
                "story_type": suggested.get(Kind.STORY, ""),
                "test_type": TABLE if cases.target == Target.DESCRIPTION else suggested.get(Kind.TEST, ""),
                "test_link": side(cases.link_type_id, cases.link_outward) if cases.link_type_id else "",
            },
        )
        epics = [(one.id, one.name) for one in metadata.epic_types()]
        ordinary = [(one.id, one.name) for one in metadata.issue_types if one.level == 0 and not one.subtask]
        stay = [("", _("Nothing: they stay here"))]
        subtasks = [(one.id, one.name) for one in metadata.subtask_types()]
        links = [
            (side(link.id, outward), _("%(words)s its story") % {"words": link.outward if outward else link.inward})
            for link in metadata.link_types
            for outward in ((True,) if link.outward == link.inward else (True, False))
        ]
        tests: list[Any] = [*stay, (TABLE, Target.DESCRIPTION.label)]
        tests += [(Target.SUBTASK.label, subtasks)] if subtasks else []
        tests += [(Target.LINKED.label, ordinary)] if links else []
        offered: dict[str, list[Any]] = {
            "epic_type": stay + epics,
            "story_type": [("", _("Choose a type…")), *ordinary],
            "test_type": tests,
            "test_link": [("", _("As suggested")), *links],
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
            Kind.TEST: "" if self.cleaned_data["test_type"] == TABLE else self.cleaned_data["test_type"],
        }

    def cases(self) -> CaseTarget:
        """Where test cases go: the type chosen says which way, the link how a linked one stands to its story."""
        chosen, link = self.cleaned_data["test_type"], self.cleaned_data["test_link"]
        if chosen == TABLE:
            return CaseTarget(Target.DESCRIPTION)
        found = target_for(self.metadata, chosen)
        link_type = self.metadata.link_type(link.partition(":")[0])
        if found.target != Target.LINKED or link_type is None:
            return found
        return linked(chosen, link_type, link.endswith(":out"))


def side(link_type_id: str, outward: bool) -> str:
    """A link type and the side on which the test case stands, as the form's value."""
    return f"{link_type_id}:{'out' if outward else 'in'}"
