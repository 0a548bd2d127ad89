"""The text of a comment in both worlds.

Everything we write in Jira carries the name of our account, so a comment of ours begins with a line that says who
wrote it. That line is ours: it is taken off again when the comment comes back.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from jira_integration.mapping.jira_form import is_document, reduced
from jira_integration.models import JiraConnection
from jira_integration.richtext import adf_to_markdown, markdown_to_adf, markdown_to_wiki, wiki_to_markdown
from jira_integration.richtext.md_escape import escape_text
from jira_integration.untrusted import one_line

PLACE = "Stories & QA"


def to_jira(connection: JiraConnection, markdown: str, author: str) -> Any:
    """The body as this connection's Jira takes it: a document on Cloud, wiki markup on Data Center."""
    return _written(connection, f"{_by(author)}\n\n{markdown}")


def _by(author: str) -> str:
    return f"*{escape_text(one_line(author) or '?')} ({PLACE}):*"


def _written(connection: JiraConnection, markdown: str) -> Any:
    if connection.deployment == JiraConnection.Deployment.DATACENTER:
        return markdown_to_wiki(markdown).value
    return markdown_to_adf(markdown).value


def from_jira(body: Any) -> str:
    """A comment's body as Markdown."""
    if is_document(body):
        return adf_to_markdown(body).value.strip()
    return wiki_to_markdown(body).value.strip() if isinstance(body, str) else ""


def ours_from_jira(connection: JiraConnection, body: Any, author: str) -> str:
    """The same for a comment that was written here: without the line that names its author, where it still stands."""
    text = from_jira(body)
    line = from_jira(_written(connection, _by(author)))
    return text.removeprefix(line).strip() if text.partition("\n")[0] == line else text


def hash_of(markdown: str) -> str:
    return sha256(markdown.strip().encode("utf-8", "surrogatepass")).hexdigest()


def jira_hash(body: Any) -> str:
    """Of a body as Jira holds it, whatever attributes it added."""
    return sha256(repr(reduced(body)).encode("utf-8", "surrogatepass")).hexdigest()
