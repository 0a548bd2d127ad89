"""Where turns are given out: what a governor asks of the place that all workers share, and the words it hears.

Two desks keep the same books: one in Redis, for all processes (`redis_desk`), one in this process (`local_desk`).
A desk answers at once and never waits; waiting is the governor's matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from jira_integration.client.governor import Scope
from jira_integration.client.pauses import Pause

RATES = MappingProxyType({"GET": 50.0, "POST": 50.0, "PUT": 25.0, "DELETE": 25.0})


@dataclass(frozen=True, slots=True)
class Rules:
    """How polite we are. Times in seconds, rates in requests a second.

    `rates` and `burst` are for one endpoint and method of one site; half of what Jira Cloud allows by default, for
    other apps share it. Jira allows an issue 20 writes in 2 s and 100 in 30 s: 10 at once and 3 a second keep both.
    """

    rates: Mapping[str, float] = field(default_factory=lambda: RATES)
    burst: float = 10.0
    issue_rate: float = 3.0
    issue_burst: float = 10.0
    in_flight: int = 8  # of all workers, to one site
    longest_wait: float = 3.0  # for the rate or a pause; what takes longer is given back to the caller
    longest_queue: float = 30.0  # behind requests of our own that are on the wire
    slot_lease: float = 20.0  # renewed while a request is on the wire; a killed worker's slot comes free after it
    failures_to_open: int = 5  # in a row
    first_open: float = 5.0
    longest_open: float = 60.0
    recovery: float = 30.0  # from nothing to the full rate
    between_cuts: float = 2.0  # several answers to one mistake are one reason to slow down

    def rate(self, method: str) -> float:
        return self.rates.get(method) or min(self.rates.values(), default=25.0)

    def lowest_rate(self, base: float) -> float:
        """Two a second let a run with four batches in flight go on without being put off."""
        return min(base, 2.0)


@dataclass(frozen=True, slots=True)
class Place:
    """The books that one request is entered in, by name. The names are readable: an admin may come upon them."""

    site: str
    endpoint: str
    login: str  # with its generation: a replaced login has a clean record
    rate: float
    issue: str = ""
    app: str = ""

    @property
    def owners(self) -> tuple[str, ...]:
        """Under what pauses are filed that this request must know of."""
        return tuple(owner for owner in (self.site, self.app, self.login) if owner)

    def owner_of(self, key: str) -> str:
        return key if key in (self.app, self.login) else self.site


def place_of(scope: Scope, rules: Rules, *, app: str, login: str) -> Place:
    """`app` names the OAuth app whose quota counts, "" for tokens, which have none; `login` is the connection and
    its login's generation."""
    counted_issue = scope.writes and scope.issue_id
    return Place(
        site=f"site {scope.site}",
        endpoint=f"endpoint {scope.site} {scope.method} {scope.endpoint}",
        login=f"login {login}",
        rate=rules.rate(scope.method),
        issue=f"issue {scope.site} {scope.issue_id}" if counted_issue else "",
        app=f"app {app}" if app else "",
    )


class Word(StrEnum):
    GO = "go"  # after `wait` seconds; a slot is held from now on
    SEED = "seed"  # the desk is new: tell it the pauses that were kept
    PAUSED = "paused"
    RATE = "rate"  # the bucket is empty for longer than may be waited; nothing was taken
    BUSY = "busy"  # all slots are taken; ask again after `wait`, which is short for the first in the queue
    DOWN = "down"  # the breaker is open
    LOGIN = "login"  # the login was refused; `reason` is its ErrorCode


@dataclass(frozen=True, slots=True)
class Verdict:
    word: Word
    wait: float = 0.0
    reason: str = ""


class Outcome(StrEnum):
    GOOD = "good"  # Jira answered; what, is not our matter
    LIMITED = "limited"
    DOWN = "down"
    REFUSED = "refused"


class Where(StrEnum):
    """What a pause holds up."""

    SITE = "site"
    APP = "app"
    ENDPOINT = "endpoint"
    ISSUE = "issue"

    def key(self, place: Place) -> str:
        return {
            Where.SITE: place.site,
            Where.APP: place.app or place.site,
            Where.ENDPOINT: place.endpoint,
            Where.ISSUE: place.issue or place.endpoint,
        }[self]


@dataclass(frozen=True, slots=True)
class LoginBucket:
    """A bucket Jira told us of, for everything this login sends: `left` tokens now, valid for `seconds`."""

    rate: float
    burst: float
    left: float
    seconds: float


UNNAMED = -1.0  # pause, but Jira named no time: 2 s, doubled each time it happens again, up to 30 s
HALF = 0.5  # after a 429
EASE = 0.8  # near a limit
ASK_AGAIN_SECONDS = 0.01  # for a slot, times the place in the queue
GONE_SECONDS = 1.0  # who has not asked for so long has left the queue


@dataclass(frozen=True, slots=True)
class Orders:
    """What one answer asks of all workers; made by `steering`."""

    outcome: Outcome
    where: Where = Where.SITE
    seconds: float = 0.0  # how long `where` has to pause; UNNAMED
    reason: str = ""
    slow_by: float | None = None  # HALF or EASE: of this endpoint's rate now; EASE where `allowed` is lower already
    allowed: float | None = None  # this endpoint's rate as Jira named it
    fewer_at_once: bool = False
    bucket: LoginBucket | None = None


class DeskLost(Exception):
    """The place that all workers share cannot be reached; the text is safe for logs."""


class Desk(Protocol):
    """Each may raise DeskLost; the desk in memory never does."""

    async def take(self, place: Place, token: str, longest_wait: float, *, trying_login: bool) -> Verdict:
        """Take a slot and a token from each bucket, all or nothing. `trying_login` passes the breaker."""

    async def look(self, place: Place, token: str, *, trying_login: bool) -> Verdict:
        """After a wait: may the holder of `token` still go?"""

    async def renew(self, place: Place, token: str) -> None: ...

    async def release(self, place: Place, token: str) -> None: ...

    async def told(self, place: Place, orders: Orders, *, trying_login: bool) -> float:
        """Enter what came back. Returns the seconds of a pause that begins now, 0 when none does."""

    async def seed(self, place: Place, pauses: Sequence[Pause]) -> None:
        """Enter pauses that were kept elsewhere."""
