"""What the pre-flight has to ask Jira, beyond what the project's metadata says: few requests, each bounded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_integration.client.api import JiraClient
from jira_integration.client.exceptions import JiraRejected
from jira_integration.client.schemas import Issue
from jira_integration.contracts import Person
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.mapping.people import People, look_up
from jira_integration.mapping.preflight import Alike, Facts, Parent, plain_summary
from jira_integration.mapping.values import NOBODY
from jira_integration.models import JiraConnection

PARENT_FIELDS = ("issuetype", "project")
PAGES_MOST = 3  # of one search; each has a hundred issues
SUMMARIES_PER_SEARCH = 50
SEARCHES_MOST = 2
LONGEST_PHRASE = 120  # characters of a summary that are searched for; the answer is compared whole


@dataclass
class Questions:
    """What was asked and answered while one plan is made. `not_looked`: stories whose summary nobody looked for."""

    jira: JiraClient
    connection: JiraConnection
    metadata: ProjectMetadata
    parents: dict[str, Parent] = field(default_factory=dict)
    asked_parents: set[str] = field(default_factory=set)
    alike: dict[str, Alike] = field(default_factory=dict)
    people: People = NOBODY
    searches_left: int = SEARCHES_MOST
    not_looked: int = 0
    empty: bool | None = None

    def heard(self, issues: Iterable[Issue]) -> None:
        """Issues that were read anyway need not be asked for as parents."""
        for issue in issues:
            self.asked_parents.add(issue.id)
            self.parents[issue.id] = parent_of(issue)

    async def ask(self, parent_ids: Collection[str], people: Collection[Person], summaries: Collection[str]) -> Facts:
        """Ask what is not known yet, and give everything that is."""
        if new := sorted(set(parent_ids) - self.asked_parents):
            self.heard(await self.jira.bulk_fetch(new, fields=PARENT_FIELDS))
            self.asked_parents |= set(new)
        if people:
            self.people = await look_up(self.jira, self.connection, self.metadata, people)
        await self._look_for(list(dict.fromkeys(text for text in summaries if _phrase(text))))
        return Facts(self.parents, frozenset(self.asked_parents), self.alike)

    async def _look_for(self, summaries: list[str]) -> None:
        """Issues that have one of these summaries already. Nothing is searched in an empty project, so that a first
        export costs one request; else one search for 50 summaries, `SEARCHES_MOST` at most.

        Jira's text search finds words, not texts: what it finds is compared as a whole.
        """
        here = f"project = {self.metadata.project_id}"
        if summaries and self.empty is None:
            self.empty = not await self.jira.approximate_count(here)
        if self.empty:
            return
        while summaries and self.searches_left:
            batch, summaries = summaries[:SUMMARIES_PER_SEARCH], summaries[SUMMARIES_PER_SEARCH:]
            self.searches_left -= 1
            said = " OR ".join(f'summary ~ "\\"{_phrase(text)}\\""' for text in batch)
            try:
                await self._search(f"{here} AND ({said}) ORDER BY created ASC", {plain_summary(text) for text in batch})
            except JiraRejected:  # a text that this site's search does not take: not looked for, and said so
                self.not_looked += len(batch)
        self.not_looked += len(summaries)

    async def _search(self, jql: str, exact: set[str]) -> None:
        pages = 0
        async for page in self.jira.search(jql, fields=["summary"]):
            for issue in page.issues:
                text = plain_summary(str(issue.fields.get("summary") or ""))
                if text in exact:
                    self.alike.setdefault(text, Alike(issue.id, issue.key))
            pages += 1
            if pages == PAGES_MOST:
                return


def parent_of(issue: Issue) -> Parent:
    issue_type = _part(issue.fields, "issuetype")
    return Parent(
        key=issue.key,
        project_id=str(_part(issue.fields, "project").get("id", "")),
        level=issue_type.get("hierarchyLevel"),
        type_id=str(issue_type.get("id", "")),
    )


def watchers(issues: Iterable[Issue]) -> int:
    """How many people watch these issues, added up: each may get a mail for each issue that is updated."""
    return sum(int(_part(issue.fields, "watches").get("watchCount") or 0) for issue in issues)


def _phrase(text: str) -> str:
    """The words of a summary without the signs that mean something to Jira's search."""
    words = " ".join(re.sub(r"[^\w\s]|_", " ", text).split())
    if len(words) <= LONGEST_PHRASE:
        return words
    return words[:LONGEST_PHRASE].rpartition(" ")[0]


def _part(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, Mapping) else {}
