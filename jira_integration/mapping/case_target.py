"""Where test cases go: sub-tasks of their story, issues linked to it, a table in its description, or nowhere.

Nowhere until a person chooses: nobody finds issues on the board that no one asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jira_integration.mapping.metadata import LinkType, ProjectMetadata
from jira_integration.models import ProjectMapping

Target = ProjectMapping.TestTarget
TEST_NAMES = ("test", "testcase")


@dataclass(frozen=True)
class CaseTarget:
    """What a mapping holds about test cases. The test case stands on the side of `link_words`: "TC-7 tests US-142"."""

    target: Target
    type_id: str = ""
    link_type_id: str = ""
    link_outward: bool = True
    link_words: str = ""

    def keep_on(self, mapping: ProjectMapping) -> None:
        """Put it into the mapping's columns; the caller saves."""
        mapping.test_target, mapping.test_type_id = self.target, self.type_id
        mapping.test_link_type_id, mapping.test_link_outward = self.link_type_id, self.link_outward
        mapping.test_link_words = self.link_words[:100]

    @classmethod
    def of(cls, mapping: ProjectMapping) -> CaseTarget:
        return cls(
            Target(mapping.test_target),
            mapping.test_type_id,
            mapping.test_link_type_id,
            mapping.test_link_outward,
            mapping.test_link_words,
        )


def target_for(metadata: ProjectMetadata, type_id: str) -> CaseTarget:
    """The target that goes with an issue type: a sub-task type means sub-tasks, another one linked issues."""
    issue_type = metadata.type(type_id)
    if issue_type is None:
        return CaseTarget(Target.STAY)
    if issue_type.subtask:
        return CaseTarget(Target.SUBTASK, type_id)
    link = suggest_link(metadata)
    return CaseTarget(Target.STAY) if link is None else linked(type_id, *link)


def linked(type_id: str, link: LinkType, outward: bool = True) -> CaseTarget:
    return CaseTarget(Target.LINKED, type_id, link.id, outward, link.outward if outward else link.inward)


def suggest_link(metadata: ProjectMetadata) -> tuple[LinkType, bool] | None:
    """The link type that says "tests", with the side of the test case; else the one that relates, else the first.

    By its words: "tests" is what the test case does, "is tested by" what the story says.
    """
    for link in metadata.link_types:
        words = {True: _plain(link.outward), False: _plain(link.inward)}
        for outward in (True, False):
            if words[outward] in ("tests", "test") and words[not outward] not in ("tests", "test"):
                return link, outward
    named = (one for name in (*TEST_NAMES, "tests") for one in metadata.link_types if _plain(one.name) == name)
    related = (one for one in metadata.link_types if _plain(one.inward) == _plain(one.outward))
    first = next(named, None) or next(related, None) or next(iter(metadata.link_types), None)
    return None if first is None else (first, True)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
