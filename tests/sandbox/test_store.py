"""A state file that an older sandbox left."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.sandbox.test_issues import make, story
from tests.sandbox_server import running_sandbox


def test_a_file_from_before_issues_could_be_archived_is_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "jira.sqlite3"
    with running_sandbox(data_file=file) as sandbox:
        key = make(sandbox, story())
    with sqlite3.connect(file) as old:
        for table in ("issue", "indexed"):
            old.execute(f"ALTER TABLE {table} DROP COLUMN archived")
    old.close()

    with running_sandbox(data_file=file) as sandbox:
        found = sandbox.call("POST", "search/jql", json={"jql": "project = SHOP", "fields": ["summary"]}).json()
        archived = sandbox.call("PUT", "issue/archive", json={"issueIdsOrKeys": [key]})

    assert [i["key"] for i in found["issues"]] == [key]
    assert archived.status_code == 200
