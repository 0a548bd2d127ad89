"""The desk in memory: for one process alone, and for as long as Redis is away. The same books as `token_bucket`."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jira_integration.client.breaker import Breaker
from jira_integration.client.desk import (
    ASK_AGAIN_SECONDS,
    EASE,
    GONE_SECONDS,
    UNNAMED,
    Orders,
    Outcome,
    Place,
    Rules,
    Verdict,
    Where,
    Word,
)
from jira_integration.client.pauses import Pause

REREAD_SECONDS = 1.0  # other processes' pauses reach us through the store
MOST_NAMES = 5_000  # issues have a bucket each


@dataclass
class Bucket:
    """Tokens at a time; below zero they are reserved. `low` is the rate we cut down to, `allowed` the one Jira named;
    `rate` and `burst` only where Jira gave the measures of a login's bucket, good until `ends`."""

    tok: float | None = None
    ts: float = 0.0
    low: float | None = None
    low_at: float = 0.0
    allowed: float | None = None
    rate: float = 0.0
    burst: float = 0.0
    ends: float = 0.0

    def base(self, rate: float) -> float:
        return min(rate, self.allowed or rate)

    def current_rate(self, rate: float, now: float, rules: Rules) -> float:
        base = self.base(rate)
        return base if self.low is None else min(base, self.low + (now - self.low_at) * base / rules.recovery)

    def level(self, rate: float, burst: float, now: float) -> float:
        tok = burst if self.tok is None else self.tok
        return min(burst, tok + max(0.0, now - self.ts) * rate)


@dataclass
class Site:
    limit: float
    cut_at: float = 0.0
    silent: int = 0
    slots: dict[str, float] = field(default_factory=dict)  # token → end of its lease
    queue: dict[str, float] = field(default_factory=dict)  # token → when it asked last; by arrival

    def ahead_of(self, token: str, now: float, at_once: int) -> int:
        """0 when the token may have a slot, else its place in the queue, from 1."""
        self.slots = {one: end for one, end in self.slots.items() if end > now}
        self.queue = {one: at for one, at in self.queue.items() if now - at < GONE_SECONDS or one == token}
        free = at_once - len(self.slots)
        before = list(self.queue).index(token) if token in self.queue else len(self.queue)
        if before < free:
            return 0
        self.queue[token] = now
        return before - max(free, 0) + 1


class Memory:
    """What all governors of this process share. `clock` gives seconds; it need not be the time of day."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self.buckets: defaultdict[str, Bucket] = defaultdict(Bucket)
        self.sites: dict[str, Site] = {}
        self.pauses: dict[str, tuple[float, str]] = {}  # key → end, reason
        self.seeded: dict[tuple[str, ...], float] = {}
        self.redis_away_until: float | None = None  # None: not away

    def prune(self, now: float) -> None:
        self.pauses = {key: pause for key, pause in self.pauses.items() if pause[0] > now}
        if len(self.buckets) > MOST_NAMES:
            kept = {key: bucket for key, bucket in self.buckets.items() if bucket.ts > now - 60 or bucket.ends > now}
            self.buckets = defaultdict(Bucket, kept)


class LocalDesk:
    def __init__(self, memory: Memory, rules: Rules) -> None:
        self._memory = memory
        self._rules = rules

    async def take(self, place: Place, token: str, longest_wait: float, *, trying_login: bool) -> Verdict:
        memory, rules = self._memory, self._rules
        with memory.lock:
            now = memory.clock()
            verdict = self._standing(place, token, now, trying_login)
            if verdict.word is not Word.GO:
                return verdict
            site = self._site(place)
            ahead = site.ahead_of(token, now, max(1, int(min(rules.in_flight, site.limit))))
            if ahead:
                return Verdict(Word.BUSY, ahead * ASK_AGAIN_SECONDS)
            wait = self._reserve(place, now, longest_wait)
            if wait.word is Word.GO:
                site.slots[token] = now + rules.slot_lease
                site.queue.pop(token, None)
                if not trying_login:
                    memory.breakers[place.login].begin_probe(token, now + rules.slot_lease)
            return wait

    async def look(self, place: Place, token: str, *, trying_login: bool) -> Verdict:
        with self._memory.lock:
            return self._standing(place, token, self._memory.clock(), trying_login)

    def _standing(self, place: Place, token: str, now: float, trying_login: bool) -> Verdict:
        """What holds a request up whatever the rate: breaker and pauses."""
        memory = self._memory
        read_at = memory.seeded.get(place.owners)
        if read_at is None or now - read_at > REREAD_SECONDS:
            return Verdict(Word.SEED)
        verdict = memory.breakers[place.login].verdict(token, now)
        if verdict.word is not Word.GO and not trying_login:
            return verdict
        ends = [memory.pauses.get(key, (0.0, "")) for key in (place.site, place.app, place.endpoint, place.issue)]
        end, reason = max(ends)
        return Verdict(Word.PAUSED, end - now, reason) if end > now else Verdict(Word.GO)

    def _site(self, place: Place) -> Site:
        return self._memory.sites.setdefault(place.site, Site(self._rules.in_flight))

    def _reserve(self, place: Place, now: float, longest: float) -> Verdict:
        memory, rules = self._memory, self._rules
        memory.prune(now)
        own, login = memory.buckets[place.endpoint], memory.buckets[place.login]
        rate = own.current_rate(place.rate, now, rules)
        books = [(own, rate, min(rules.burst, max(1.0, rate)))]
        if login.ends > now:
            books.append((login, login.rate, login.burst))
        if place.issue:
            books.append((memory.buckets[place.issue], rules.issue_rate, rules.issue_burst))
        wait = back = 0.0
        levels = [bucket.level(rate, burst, now) for bucket, rate, burst in books]
        for (_, rate, burst), level in zip(books, levels, strict=True):
            short = (1 - level) / rate
            wait = max(wait, short)
            if short > longest:
                # Who is put off had better find a handful of tokens than one: a run begins with a few reads.
                back = max(back, (min(burst, 10.0) - level) / rate)
        if wait > longest:
            return Verdict(Word.RATE, max(wait, back))
        for (bucket, _, _), level in zip(books, levels, strict=True):
            bucket.tok, bucket.ts = level - 1, max(now, bucket.ts)
        return Verdict(Word.GO, wait)

    async def renew(self, place: Place, token: str) -> None:
        with self._memory.lock:
            slots, end = self._site(place).slots, self._memory.clock() + self._rules.slot_lease
            if token in slots:
                slots[token] = end
            breaker = self._memory.breakers[place.login]
            if breaker.probe == token:
                breaker.probe_until = end

    async def release(self, place: Place, token: str) -> None:
        with self._memory.lock:
            self._site(place).slots.pop(token, None)
            self._site(place).queue.pop(token, None)
            self._memory.breakers[place.login].end_probe(token)

    async def told(self, place: Place, orders: Orders, *, trying_login: bool) -> float:
        memory, rules = self._memory, self._rules
        with memory.lock:
            now = memory.clock()
            breaker = memory.breakers[place.login]
            breaker.told(orders.outcome, orders.reason, now, rules, trying_login=trying_login)
            self._crowd(place, orders, now)
            seconds = self._pause(place, orders, now)
            self._slow(place, orders, now)
            return seconds

    def _crowd(self, place: Place, orders: Orders, now: float) -> None:
        """How many may be on the wire: half as many after trouble, one more per round of good answers."""
        site, most = self._site(place), float(self._rules.in_flight)
        site.limit = min(site.limit, most)
        if orders.fewer_at_once:
            if now - site.cut_at >= self._rules.between_cuts or not site.cut_at:
                site.limit, site.cut_at = max(1.0, site.limit / 2), now
        elif orders.outcome is Outcome.GOOD:
            site.limit = min(most, site.limit + 1 / site.limit)
        if orders.outcome is Outcome.GOOD:
            site.silent = 0

    def _pause(self, place: Place, orders: Orders, now: float) -> float:
        memory, key, seconds = self._memory, orders.where.key(place), orders.seconds
        end, _ = memory.pauses.get(key, (0.0, ""))
        if seconds == UNNAMED:
            seconds = 0.0
            if end <= now:
                site = self._site(place)
                site.silent += 1
                seconds = min(30.0, 2.0 ** min(site.silent, 10))
        if seconds > 0:
            if now + seconds > end:
                memory.pauses[key] = (now + seconds, orders.reason)
            if orders.where is not Where.ISSUE:
                # After a pause one goes at once and the rest follow at the rate, or the next 429 is near.
                bucket = memory.buckets[place.endpoint]
                bucket.tok, bucket.ts = 1.0, max(now + seconds, bucket.ts)
        return seconds

    def _slow(self, place: Place, orders: Orders, now: float) -> None:
        rules, own = self._rules, self._memory.buckets[place.endpoint]
        before = own.current_rate(place.rate, now, rules)
        if orders.allowed:
            own.allowed = orders.allowed
        if orders.slow_by is not None:
            current = own.current_rate(place.rate, now, rules)
            slow = orders.slow_by if current >= before else max(orders.slow_by, EASE)
            target = max(rules.lowest_rate(own.base(place.rate)), current * slow)
            if target < current and (own.low is None or now - own.low_at >= rules.between_cuts):
                own.low, own.low_at = target, now
        if orders.bucket is not None:
            login, given = self._memory.buckets[place.login], orders.bucket
            known = login.level(given.rate, given.burst, now) if login.ends > now else given.left
            login.rate, login.burst, login.ends = given.rate, given.burst, now + given.seconds
            login.tok, login.ts = min(given.left, known), now

    async def seed(self, place: Place, pauses: Sequence[Pause]) -> None:
        memory = self._memory
        with memory.lock:
            now = memory.clock()
            memory.seeded[place.owners] = now
            for pause in pauses:
                if pause.key == place.login:
                    memory.breakers[place.login].refused = pause.reason
                elif pause.seconds and now + pause.seconds > memory.pauses.get(pause.key, (0.0, ""))[0]:
                    memory.pauses[pause.key] = (now + pause.seconds, pause.reason)
