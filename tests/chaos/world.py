"""A small Jira in memory for thousands of schedules: what it commits, it commits before or after the "answer" as the
schedule says. Real `JiraClient`, real classification of answers; only the socket is missing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from jira_integration.client.answers import Answer, lost
from jira_integration.client.asking import Asked
from jira_integration.client.auth import BasicToken
from jira_integration.client.exceptions import ErrorCode
from jira_integration.client.guard import Guard
from jira_integration.client.transport import Transport
from tests.chaos import kinds
from tests.chaos.virtual import BEGIN, WORKER, border, clock

SITE = "https://acme.atlassian.net"
EPIC, STORY = "10001", "10002"
STATUSES = {"1": ("To Do", "new"), "2": ("In Progress", "indeterminate"), "3": ("Done", "done")}
STEPS = {"1": "2", "2": "3", "3": "2"}  # from status to the only next one
MOST_REQUESTS = 1500
JSON = {"content-type": "application/json"}


@dataclass
class Issue:
    id: str
    number: int
    fields: dict[str, Any]
    uid: str
    made_at: float
    status: str = "1"
    updated_at: float = 0.0
    deleted: bool = False

    @property
    def key(self) -> str:
        return f"SHOP-{self.number}"


@dataclass
class World:
    """`faults` maps (phase, n-th request of that phase) to a kind of `kinds.KINDS`."""

    rng: Random = field(default_factory=Random)
    issues: dict[str, Issue] = field(default_factory=dict)
    number: int = 0
    faults: dict[tuple[str, int], str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    index_lag: float = 0.0
    key_gap: int = 0
    shuffled: bool = False
    delete_number: int = 0  # the n-th issue made is deleted at once by somebody
    made: int = 0
    deleted: set[str] = field(default_factory=set)
    refuse_first: bool = False
    log: list[str] = field(default_factory=list)
    lease_is_good: Any = None  # asked when a write leaves
    leaves: Callable[[int, str], None] = lambda number, kind: None  # told of each request, counted from 1

    async def exchange(self, asked: Asked) -> Answer:
        """One request. What Jira does with it goes on whatever becomes of the worker that asked."""
        phase = phase_of(asked)
        if self.asked.total() > MOST_REQUESTS:
            raise AssertionError("The engine asks for ever.")
        self.asked[phase] += 1
        kind = self.faults.pop((phase, self.asked[phase]), "")
        self.met[(kind or "none", phase)] += 1
        self.leaves(self.asked.total(), kind or "none")
        self.say(f"{phase}: {kind or 'as it should be'}")
        if asked.writes and self.lease_is_good and not self.lease_is_good(WORKER.get()):
            self.violations.append(f"{phase} left without a valid lease at {clock.seconds:.1f}")
        fate = kinds.fate_of(kind, asked, self.rng, clock.now())
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[Answer | None] = loop.create_future()
        if fate.written_after is not None:
            loop.call_later(self.latency() + fate.written_after, self.carry_out, asked, phase, heard, kind)
        if fate.written_after is None or fate.answered_after is not None:
            loop.call_later(self.latency() + (fate.answered_after or 0.0), give, heard, None)
        answer = await heard
        if fate.slow_by:
            await asyncio.sleep(fate.slow_by)
        await border()
        if fate.answer is not None:
            return fate.answer
        if fate.lost is not None or answer is None:
            code, unknown = fate.lost or (ErrorCode.UNAVAILABLE, True)
            raise lost(asked, code, outcome_unknown=unknown)
        return fate.bent(answer, asked)

    def say(self, what: str) -> None:
        self.log.append(f"{clock.seconds:8.1f}  {what}")

    def latency(self) -> float:
        return self.rng.choice((0.05, 0.2, 1.5))

    def carry_out(self, asked: Asked, phase: str, heard: asyncio.Future[Answer | None], kind: str) -> None:
        self.refuse_first = kind == "element refused"
        give(heard, self.handle(asked, phase))

    def handle(self, asked: Asked, phase: str) -> Answer:
        body = json.loads(asked.body) if asked.body else {}
        issue = self.find(asked.path.split("/")[5]) if asked.path.count("/") > 4 else None
        match phase:
            case "preflight":
                return ok(fields_page(asked.path.rpartition("/")[2]))
            case "count of the preview":
                return ok({"count": len(self.issues)})
            case "floor" | "look-up by index" | "twins of the preview":
                return ok({"issues": self.search(body), "isLast": True})
            case "epic batch" | "story batch":
                return self.create(body["issueUpdates"])
            case "update write":
                return self.edit(issue, body)
            case "transition list" | "transition":
                return self.transitions(issue, body)
            case _:
                found = [self.find(name) for name in body["issueIdsOrKeys"]]
                return ok({"issues": [self.shown(one, body) for one in found if one is not None]})

    def find(self, name: str) -> Issue | None:
        rows = self.issues.values()
        return next((one for one in rows if name in (one.id, one.key) and not one.deleted), None)

    def search(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        minutes = re.search(r'"-(\d+)m"', body["jql"])
        since = clock.seconds - 60 * int(minutes[1]) if minutes else -1e9
        rows = [
            one
            for one in self.issues.values()
            if not one.deleted and one.made_at >= since and one.made_at + self.index_lag <= clock.seconds
        ]
        rows.sort(key=lambda one: -one.number if "DESC" in body["jql"] else one.number)
        return [self.shown(one, body) for one in rows[: body["maxResults"]]]

    def create(self, updates: list[dict[str, Any]]) -> Answer:
        made, errors = [], []
        for position, update in enumerate(updates):
            parent = update["fields"].get("parent")
            if (parent and self.find(parent["id"]) is None) or (self.refuse_first and position == 0):
                refusal = {"errorMessages": [], "errors": {"labels": "No."}}
                errors.append({"status": 400, "failedElementNumber": position, "elementErrors": refusal})
                continue
            issue = self.make(update["fields"], update["properties"][0]["value"]["uid"])
            made.append((issue, self.first_step(issue, update.get("transition"))))
        if self.shuffled:
            self.rng.shuffle(made)
        issues = [{"id": one.id, "key": one.key, **report} for one, report in made]
        return ok({"issues": issues, "errors": errors}, 201 if made else 400)

    def first_step(self, issue: Issue, wanted: dict[str, Any] | None) -> dict[str, Any]:
        """A transition inside the create; one that is refused leaves the issue where it is, and the answer says so."""
        if wanted is None:
            return {}
        answer = self.transitions(issue, {"transition": wanted})
        refusal = json.loads(answer.body) if answer.body else {"errorMessages": [], "errors": {}}
        return {"transition": {"status": answer.status, "errorCollection": refusal}}

    def make(self, fields: dict[str, Any], uid: str) -> Issue:
        twin = next((one for one in self.issues.values() if one.uid == uid), None)
        if twin is not None and not twin.deleted:
            self.violations.append(f"{uid} was made twice: {twin.key} at {twin.made_at:.1f}, now {clock.seconds:.1f}")
        self.number += 1 + (self.rng.randint(0, self.key_gap) if self.key_gap else 0)
        issue = Issue(str(20_000 + self.number), self.number, dict(fields), uid, clock.seconds)
        issue.updated_at = clock.seconds
        self.issues[issue.id] = issue
        self.say(f"{issue.key} is made for {uid[:8]}")
        self.made += 1
        if self.made == self.delete_number:
            issue.deleted = True
            self.deleted.add(uid)
        return issue

    def edit(self, issue: Issue | None, body: dict[str, Any]) -> Answer:
        if issue is None:
            return ok({"errorMessages": ["Issue does not exist."]}, 404)
        issue.fields |= wanted(issue.fields, body)
        issue.updated_at = clock.seconds
        return Answer(204, {}, b"")

    def transitions(self, issue: Issue | None, body: dict[str, Any]) -> Answer:
        if issue is None:
            return ok({"errorMessages": ["Issue does not exist."]}, 404)
        step = STEPS[issue.status]
        if not body:
            return ok({"transitions": [{"id": f"t{step}", "name": "Go", "to": status(step)}]})
        if body["transition"]["id"] != f"t{step}":
            return ok({"errorMessages": ["No such step from here."]}, 400)
        issue.status, issue.updated_at = step, clock.seconds
        return Answer(204, {}, b"")

    def shown(self, issue: Issue, body: dict[str, Any]) -> dict[str, Any]:
        moment = (BEGIN + timedelta(seconds=issue.updated_at)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        kind = {**issue.fields["issuetype"], "hierarchyLevel": int(issue.fields["issuetype"]["id"] == EPIC)}
        everything = {**issue.fields, "issuetype": kind, "status": status(issue.status), "updated": moment}
        shown = {name: everything.get(name) for name in body["fields"] if name not in ("id", "key")}
        properties = {"stories-qa.item": {"uid": issue.uid}} if body.get("properties") else {}
        return {"id": issue.id, "key": issue.key, "fields": shown, "properties": properties}


def ok(body: Any, code: int = 200) -> Answer:
    return Answer(code, JSON, json.dumps(body).encode())


def give(heard: asyncio.Future[Answer | None], answer: Answer | None) -> None:
    if not heard.done():
        heard.set_result(answer)


def status(status_id: str) -> dict[str, Any]:
    name, category = STATUSES[status_id]
    return {"id": status_id, "name": name, "statusCategory": {"key": category}}


def fields_page(type_id: str) -> dict[str, Any]:
    """The create screen: summary, description, labels, and the parent of stories."""
    names = {"summary": "string", "description": "string", "labels": "array"}
    names |= {"parent": "issuelink"} if type_id == STORY else {}
    rows = [
        {"fieldId": name, "name": name.title(), "required": name == "summary", "schema": {"type": kind, "system": name}}
        for name, kind in names.items()
    ]
    return {"fields": rows, "startAt": 0, "total": len(rows)}


def phase_of(asked: Asked) -> str:
    """What the engine is doing, told from the request alone."""
    path, body = asked.path, json.loads(asked.body) if asked.body else {}
    if "createmeta" in path:
        return "preflight"
    if path.endswith("/search/approximate-count"):
        return "count of the preview"
    if path.endswith("/search/jql"):
        if "summary ~" in body["jql"]:
            return "twins of the preview"
        return "look-up by index" if "creator" in body["jql"] else "floor"
    if path.endswith("/issue/bulk"):
        return "epic batch" if body["issueUpdates"][0]["fields"]["issuetype"]["id"] == EPIC else "story batch"
    if path.endswith("/transitions"):
        return "transition" if asked.method == "POST" else "transition list"
    if asked.method == "PUT":
        return "update write"
    if not path.endswith("/issue/bulkfetch"):
        raise AssertionError(f"Nobody expected {asked.method} {path}.")
    if "-" in body["issueIdsOrKeys"][0]:
        return "look-up by key"
    if body.get("properties"):
        return "read-back"
    return "transition look" if set(body["fields"]) == {"status", "updated"} else "update look"


# Of a run. A preview's own (is there such an issue already?) are asked before, in peace.
PHASES = (
    "preflight",
    "floor",
    "epic batch",
    "story batch",
    "read-back",
    "transition look",
    "transition list",
    "transition",
    "update look",
    "update write",
    "look-up by key",
    "look-up by index",
)


class WorldTransport(Transport):
    """The real transport down to the wire, where the world is."""

    def __init__(self, world: World) -> None:
        super().__init__(
            SITE,
            BasicToken("qa-bot@acme.test", "token"),
            Guard(False, []),
            clock=clock.epoch,
            monotonic=clock.monotonic,
            sleep=asyncio.sleep,
            jitter=lambda: 1.0,
        )
        self.world = world

    async def _carry(self, asked: Asked, seconds: float) -> Answer:
        await border()  # a worker may be frozen right before its bytes leave
        if asked.writes and not self.may_leave():
            raise lost(asked, ErrorCode.TIMEOUT, outcome_unknown=False)
        self._count(asked, 1)
        return await self.world.exchange(asked)


def wanted(fields: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """What an edit leaves in the fields it names: those it sets, and labels after what it adds and takes away."""
    left = dict(body.get("fields", {}))
    operations = body.get("update", {}).get("labels", ())
    if operations:
        labels = set(fields.get("labels") or ())
        labels |= {one["add"] for one in operations if "add" in one}
        left["labels"] = sorted(labels - {one["remove"] for one in operations if "remove" in one})
    return left
