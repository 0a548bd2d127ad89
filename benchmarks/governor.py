"""Four worker processes share the limits of one site through Redis; prints figures beside their limits as JSON.

`python -m benchmarks.governor [--seconds 30] [--pause 120]`

The sandbox has a token bucket of 20 requests a second and refuses with 429 when it is empty. Each worker is a process
of its own with four requests on the way at a time, through the product's transport and governor; what came and when is
read from the sandbox's log. Once the rate is set to the bucket's, once the governor has its defaults and only Jira's
headers to learn from. Then one answer asks for a pause, and the workers come back when they were told to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from benchmarks.rehearsal import TOKEN, USER, Rehearsal, rehearsal
from benchmarks.report import Report
from jira_integration.client import CloudClient, Transport
from jira_integration.client.auth import BasicToken
from jira_integration.client.desk import Rules
from jira_integration.client.exceptions import JiraRateLimited
from jira_integration.client.guard import Guard
from jira_integration.client.local_desk import Memory
from jira_integration.client.redis_desk import RedisDesk
from jira_integration.client.shared_governor import SharedGovernor
from tests.valkey import running_valkey

ROOT = Path(__file__).resolve().parents[1]
WORKERS, AT_ONCE = 4, 4
RATE, BURST = 20, 20
WARM_UP_SECONDS = 2.0  # the bucket's first burst is no rate


async def work(url: str, redis_url: str, seconds: float, rate: float) -> None:
    """One worker: asks, and when it is put off comes back at the time it was told."""
    end = time.time() + seconds
    rules = Rules(rates={"GET": rate}) if rate else Rules()
    redis = Redis.from_url(redis_url)
    put_off = 0
    slept: list[float] = [0.0]

    async def sleep(wait: float) -> None:
        slept.append(wait)
        await asyncio.sleep(wait)

    governor = SharedGovernor(RedisDesk(redis, rules, (RedisError,)), Memory(), login="bench", rules=rules, sleep=sleep)
    transport = Transport(
        url, BasicToken(USER, TOKEN), Guard(allow_loopback_http=True), governor, governor_waits=True, sleep=sleep
    )
    jira = CloudClient(transport)

    async def ask() -> None:
        nonlocal put_off
        while time.time() < end:
            try:
                await jira.myself()
            except JiraRateLimited as later:
                put_off += 1
                await asyncio.sleep(min(later.retry_after, max(0.0, end - time.time())))

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    await transport.aclose()
    await redis.aclose()
    print(json.dumps({"longest_sleep": max(slept), "put_off": put_off}))


def run_workers(site: Rehearsal, redis_url: str, seconds: float, rate: float) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.governor", "--worker", site.url, redis_url, str(seconds), str(rate)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(WORKERS)]
    return [json.loads(worker.communicate(timeout=seconds + 60)[0]) for worker in started]


def throughput(site: Rehearsal, redis_url: str, seconds: float, rate: float, latency_ms: int) -> dict[str, Any]:
    site.empty(latency_ms=latency_ms)
    site.ask("POST", "faults", {"buckets": [{"rate": RATE, "burst": BURST}]})
    told = run_workers(site, redis_url, seconds + WARM_UP_SECONDS, rate)
    log = site.log()
    start = log[0]["at"] + WARM_UP_SECONDS
    counted = [entry for entry in log if start <= entry["at"] < start + seconds]
    good = sum(entry["status"] == 200 for entry in counted)
    refused = sum(entry["status"] == 429 for entry in log)
    name = f"rate set to {rate:g}" if rate else "defaults, learning from Jira's headers"
    return {
        "case": name,
        "requests": len(log),
        "figures": [
            figure("share of the bucket used", good / (RATE * seconds), 0.95, at_least=True),
            figure("share of requests refused with 429", refused / len(log), 0.01),
            figure("longest sleep of a worker for the rate, seconds", max(one["longest_sleep"] for one in told), 5.0),
        ],
    }


def long_pause(site: Rehearsal, redis_url: str, pause: float) -> dict[str, Any]:
    site.empty()
    rule = {"kind": "rate_limited", "path": ".*/myself", "nth": 40, "retry_after": pause}
    site.ask("POST", "faults", {"rules": [rule]})
    told = run_workers(site, redis_url, pause + 12, RATE)
    log = site.log()
    limited = next(entry for entry in log if entry["status"] == 429)
    deadline = limited["done"] + pause
    # What was on the wire when the 429 came cannot be called back; a request that begins later is too early.
    early = [entry for entry in log if limited["done"] + 0.25 < entry["at"] < deadline]
    after = [entry["at"] for entry in log if entry["at"] >= deadline]
    return {
        "case": f"Retry-After: {pause:g}",
        "requests": len(log),
        "on_the_wire_when_it_came": sum(limited["done"] < one["at"] <= limited["done"] + 0.25 for one in log),
        "figures": [
            figure("requests before the deadline", len(early), 0),
            figure("first request after the deadline, seconds", min(after) - deadline if after else 1e9, 3.0),
            figure("longest sleep of a worker for the rate, seconds", max(one["longest_sleep"] for one in told), 5.0),
        ],
    }


def report_governor(report: Report, site: Rehearsal, seconds: float, pause: float) -> None:
    """Every figure as a row of RESULTS.md."""
    report.section(
        f"Limits shared by {WORKERS} worker processes, a bucket of {RATE} requests a second",
        "The sandbox refuses with 429 when its bucket is empty. The workers go through the product's transport and "
        f"governor, each with {AT_ONCE} requests on the way, and share a Redis of their own. "
        f"{seconds:g} seconds each, without latency.",
    )
    for case in cases(site, seconds, pause):
        for one in case["figures"]:
            limit = f"{'at least' if one['at_least'] else 'at most'} {one['limit']:g}"
            report.row(f"{case['case']}: {one['what']}", f"{one['found']:g}", limit, one["met"])


def figure(what: str, found: float, limit: float, *, at_least: bool = False) -> dict[str, Any]:
    met = found >= limit if at_least else found <= limit
    return {"what": what, "found": round(found, 4), "limit": limit, "at_least": at_least, "met": met}


def cases(site: Rehearsal, seconds: float, pause: float, latency_ms: int = 0) -> list[dict[str, Any]]:
    """Every case with its figures; each with a fresh Redis, so that nothing is learnt beforehand."""
    measured: list[Callable[[str], dict[str, Any]]] = [
        lambda redis: throughput(site, redis, seconds, RATE, latency_ms),
        lambda redis: throughput(site, redis, seconds, 0, latency_ms),
        lambda redis: long_pause(site, redis, pause),
    ]
    found = []
    for case in measured:
        with running_valkey() as redis_url:
            found.append(case(redis_url))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30, help="of each measurement of the rate")
    parser.add_argument("--pause", type=float, default=120, help="what Retry-After says")
    parser.add_argument("--latency-ms", type=int, default=0, help="of the sandbox, while the rate is measured")
    parser.add_argument("--worker", nargs=4, metavar=("URL", "REDIS", "SECONDS", "RATE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        url, redis_url, seconds, rate = asked.worker
        asyncio.run(work(url, redis_url, float(seconds), float(rate)))
        return 0
    with rehearsal() as site:
        measured = cases(site, asked.seconds, asked.pause, asked.latency_ms)
    print(json.dumps({"workers": WORKERS, "at_once": AT_ONCE, "bucket": RATE, "cases": measured}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
