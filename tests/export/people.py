"""What people do in Jira, as Jonas, over REST."""

from __future__ import annotations

from typing import Any

from jira_integration.sandbox.settings import Flavour
from tests.sandbox_server import Bearer, RunningSandbox


class Jonas:
    """Another user of the sandbox, who may do everything. Issues are named by id or key."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.on_cloud = sandbox.flavour is Flavour.CLOUD
        self.login: Any = ("jonas@example.test", "jonas-token") if self.on_cloud else Bearer("jonas-token")

    def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = self.sandbox.call(method, path, auth=self.login, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def edits(self, issue: str, **fields: Any) -> None:
        self.ask("PUT", f"issue/{issue}", json={"fields": fields})

    def comments(self, issue: str) -> None:
        text = "I worked on this."
        document = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [_text(text)]}]}
        self.ask("POST", f"issue/{issue}/comment", json={"body": document if self.on_cloud else text})

    def logs_work(self, issue: str) -> None:
        self.ask("POST", f"issue/{issue}/worklog", json={"timeSpentSeconds": 3600})

    def attaches(self, issue: str) -> None:
        headers = {"X-Atlassian-Token": "no-check"}
        self.ask("POST", f"issue/{issue}/attachments", files={"file": ("plan.txt", b"text")}, headers=headers)

    def moves(self, issue: str) -> None:
        """To any other status."""
        step = self.ask("GET", f"issue/{issue}/transitions")["transitions"][0]
        self.ask("POST", f"issue/{issue}/transitions", json={"transition": {"id": step["id"]}})

    def links(self, issue: str, other: str) -> None:
        body = {"type": {"name": "Blocks"}, "inwardIssue": {"key": issue}, "outwardIssue": {"key": other}}
        self.ask("POST", "issueLink", json=body)

    def creates(self, summary: str, type_id: str = "10011", **fields: Any) -> str:
        """A new issue in SHOP; its key."""
        fields |= {"project": {"key": "SHOP"}, "issuetype": {"id": type_id}, "summary": summary}
        return str(self.ask("POST", "issue", json={"fields": fields})["key"])

    def deletes(self, issue: str) -> None:
        self.ask("DELETE", f"issue/{issue}", params={"deleteSubtasks": "true"})


def _text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}
