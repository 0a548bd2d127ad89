"""What a team keeps: projects with their members, epics, stories with criteria, test cases with steps."""

from __future__ import annotations

from stories_qa.models.account import SignedIn
from stories_qa.models.comment import Comment
from stories_qa.models.imports import BacklogUpload
from stories_qa.models.project import Membership, Project, Role
from stories_qa.models.story import AcceptanceCriterion, Epic, Priority, Status, Story
from stories_qa.models.submission import Submission
from stories_qa.models.testcase import LastResult, TestCase, TestStep

__all__ = [
    "AcceptanceCriterion",
    "BacklogUpload",
    "Comment",
    "Epic",
    "LastResult",
    "Membership",
    "Priority",
    "Project",
    "Role",
    "SignedIn",
    "Status",
    "Story",
    "Submission",
    "TestCase",
    "TestStep",
]
