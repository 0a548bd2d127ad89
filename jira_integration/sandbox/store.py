"""The state on disk: one SQLite file, used from the event loop's thread only, so requests never interleave."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jira_integration.sandbox.clock import Clock
from jira_integration.sandbox.shape import as_id

_ISSUE_COLUMNS = (
    "id INTEGER PRIMARY KEY, project_id TEXT, number INTEGER, key TEXT, type_id TEXT, status_id TEXT, "
    "parent_id INTEGER, creator TEXT, created INTEGER, updated INTEGER, moved INTEGER, resolved INTEGER, doc TEXT, "
    "archived INTEGER"
)
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS issue ({_ISSUE_COLUMNS});
CREATE UNIQUE INDEX IF NOT EXISTS issue_key ON issue (key);
CREATE INDEX IF NOT EXISTS issue_parent ON issue (parent_id);
CREATE TABLE IF NOT EXISTS indexed ({_ISSUE_COLUMNS});
CREATE INDEX IF NOT EXISTS indexed_key ON indexed (key);
CREATE INDEX IF NOT EXISTS indexed_updated ON indexed (updated);
CREATE TABLE IF NOT EXISTS to_index (issue_id INTEGER, due INTEGER);
CREATE TABLE IF NOT EXISTS old_key (key TEXT PRIMARY KEY, issue_id INTEGER);
CREATE TABLE IF NOT EXISTS property (issue_id INTEGER, key TEXT, value TEXT, PRIMARY KEY (issue_id, key));
CREATE TABLE IF NOT EXISTS comment (id INTEGER PRIMARY KEY, issue_id INTEGER, author TEXT, editor TEXT, body TEXT,
    created INTEGER, updated INTEGER, properties TEXT);
CREATE INDEX IF NOT EXISTS comment_issue ON comment (issue_id);
CREATE TABLE IF NOT EXISTS history (id INTEGER PRIMARY KEY, issue_id INTEGER, author TEXT, created INTEGER, items TEXT);
CREATE INDEX IF NOT EXISTS history_issue ON history (issue_id);
CREATE TABLE IF NOT EXISTS link (id INTEGER PRIMARY KEY, type_id TEXT, source INTEGER, target INTEGER,
    UNIQUE (type_id, source, target));
CREATE TABLE IF NOT EXISTS remote_link (id INTEGER PRIMARY KEY, issue_id INTEGER, global_id TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS worklog (id INTEGER PRIMARY KEY, issue_id INTEGER, author TEXT, started INTEGER,
    created INTEGER, seconds INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS attachment (id INTEGER PRIMARY KEY, issue_id INTEGER, author TEXT, created INTEGER,
    filename TEXT, kind TEXT, size INTEGER);
CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, user TEXT, created INTEGER, status TEXT, todo TEXT,
    absent INTEGER, done TEXT, failed TEXT, updated INTEGER);
CREATE TABLE IF NOT EXISTS oauth_grant (id INTEGER PRIMARY KEY, account TEXT, sites TEXT, withdrawn INTEGER);
CREATE TABLE IF NOT EXISTS oauth_token (token TEXT PRIMARY KEY, kind TEXT, grant_id INTEGER, family INTEGER, scope TEXT,
    redirect TEXT, made INTEGER, born INTEGER, used INTEGER);
CREATE TABLE IF NOT EXISTS oauth_revoked (family INTEGER PRIMARY KEY, reason TEXT);
CREATE TABLE IF NOT EXISTS webhook (id INTEGER PRIMARY KEY, body TEXT, secret TEXT, updated INTEGER);
CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY, webhook_id INTEGER, identifier TEXT, event TEXT,
    payload BLOB, attempts INTEGER DEFAULT 0, due REAL, outcome TEXT DEFAULT 'waiting');
"""
_TABLES = (
    "issue", "indexed", "to_index", "old_key", "property", "comment", "history", "link", "remote_link", "webhook",
    "delivery", "meta", "worklog", "attachment", "task", "oauth_grant",
    "oauth_token", "oauth_revoked",
)  # fmt: skip


@dataclass
class Issue:
    """One issue's row. `doc` holds every settable field by id in the form values.py gives; times are epoch ms."""

    id: int
    project_id: str
    number: int
    key: str
    type_id: str
    status_id: str
    parent_id: int | None
    creator: str
    created: int
    updated: int
    moved: int  # when its status category last changed
    resolved: int | None
    doc: dict[str, Any] = field(default_factory=dict)
    archived: int | None = None


def issue_of(row: sqlite3.Row | Mapping[str, Any]) -> Issue:
    return Issue(**{**dict(row), "doc": json.loads(row["doc"])})


class Store:
    def __init__(self, path: Path | None, clock: Clock, index_lag_ms: int = 0) -> None:
        self._own_file = tempfile.NamedTemporaryFile(suffix=".sqlite3") if path is None else None  # noqa: SIM115
        name = str(path) if path else self._own_file.name  # type: ignore[union-attr]
        # The loop may run in another thread than the one that built the program; it is still one thread only.
        self.db = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=" + ("WAL" if path else "MEMORY"))
        self.db.execute("PRAGMA synchronous=" + ("NORMAL" if path else "OFF"))
        self.db.executescript(_SCHEMA)
        self._catch_up_schema()
        self.clock = clock
        self.index_lag_ms = index_lag_ms

    def _catch_up_schema(self) -> None:
        """A state file of an older sandbox lacks what was added since."""
        for table in ("issue", "indexed"):
            if not any(row["name"] == "archived" for row in self.rows(f"PRAGMA table_info({table})")):
                self.db.execute(f"ALTER TABLE {table} ADD COLUMN archived INTEGER")

    def close(self) -> None:
        self.db.close()
        if self._own_file is not None:
            self._own_file.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of a request's writes, or none."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def wipe(self) -> None:
        for table in _TABLES:
            self.db.execute(f"DELETE FROM {table}")  # noqa: S608  (names from this file)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return found

    def write(self, sql: str, *values: Any) -> int:
        """Run one statement; the new row's id, where there is one."""
        return self.db.execute(sql, values).lastrowid or 0

    def next_number(self, name: str, first: int, step: int = 1) -> int:
        """The next of a series (issue ids, numbers of a project); survives deletions, as Jira's do."""
        row = self.row("SELECT value FROM meta WHERE name = ?", f"next:{name}")
        number = int(row["value"]) if row else first
        self.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", f"next:{name}", str(number + step))
        return number

    def issue(self, id_or_key: str | int) -> Issue | None:
        """By id, key, or a key the issue had before it was moved."""
        text = str(id_or_key)
        if text.isdigit():
            row = self.row("SELECT * FROM issue WHERE id = ?", as_id(text))
        else:
            row = self.row("SELECT * FROM issue WHERE key = ?", text.upper())
            if row is None and (old := self.row("SELECT issue_id FROM old_key WHERE key = ?", text.upper())):
                row = self.row("SELECT * FROM issue WHERE id = ?", old["issue_id"])
        return issue_of(row) if row else None

    def save(self, issue: Issue) -> None:
        values = {**vars(issue), "doc": json.dumps(issue.doc)}
        marks = ", ".join(f":{name}" for name in values)
        self.db.execute(f"INSERT OR REPLACE INTO issue ({', '.join(values)}) VALUES ({marks})", values)  # noqa: S608
        self._index_later(issue.id)

    def remove(self, issue_id: int) -> None:
        for table in ("property", "comment", "history", "remote_link", "worklog", "attachment"):
            self.write(f"DELETE FROM {table} WHERE issue_id = ?", issue_id)  # noqa: S608
        self.write("DELETE FROM link WHERE source = ? OR target = ?", issue_id, issue_id)
        self.write("DELETE FROM issue WHERE id = ?", issue_id)
        self._index_later(issue_id)

    def _index_later(self, issue_id: int) -> None:
        if self.index_lag_ms:
            due = self.clock.now_ms() + self.index_lag_ms
            self.write("INSERT INTO to_index VALUES (?, ?)", issue_id, due)
        else:
            self.index_now([issue_id])

    def index_now(self, issue_ids: list[int]) -> None:
        for issue_id in issue_ids:
            self.write("DELETE FROM indexed WHERE id = ?", issue_id)
            self.write("INSERT INTO indexed SELECT * FROM issue WHERE id = ?", issue_id)

    def catch_up(self) -> None:
        """Let search see the writes whose lag is over."""
        now = self.clock.now_ms()
        if late := [r["issue_id"] for r in self.rows("SELECT DISTINCT issue_id FROM to_index WHERE due <= ?", now)]:
            self.index_now(late)
            self.write("DELETE FROM to_index WHERE due <= ?", now)
