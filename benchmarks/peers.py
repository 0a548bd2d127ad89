"""The peers' side of a figure. Runs in the peers' own environment, which peer_venv.py makes; knows nothing of ours.

`python peers.py jira|atlassian single|bulk URL ITEMS EPICS [--retry]` prints JSON. Where a library waits before it
sends again, the wait is cut to nothing: what is counted is requests and doubles, not patience.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

USER, TOKEN = "qa-bot@example.test", "sandbox-token"
STORY, EPIC = "10011", "10010"
Send = Callable[[list[dict[str, Any]]], list[str]]


def fields(title: str, kind: str, parent: str = "") -> dict[str, Any]:
    text = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": title}]}],
    }
    more = {"parent": {"key": parent}} if parent else {}
    return {"project": {"id": "10000"}, "issuetype": {"id": kind}, "summary": title, "description": text, **more}


def jira_client(url: str, *, retry: bool) -> tuple[Send, Send, str]:
    import jira
    import jira.resilientsession

    jira.resilientsession.time.sleep = lambda seconds: None
    settings: dict[str, Any] = {} if retry else {"max_retries": 0}
    client = jira.JIRA(url, basic_auth=(USER, TOKEN), options={"rest_api_version": "3"}, **settings)

    def single(items: list[dict[str, Any]]) -> list[str]:
        return [client.create_issue(fields=one).key for one in items]

    def bulk(items: list[dict[str, Any]]) -> list[str]:
        made = client.create_issues(field_list=items, prefetch=False)
        return [one["issue"].key for one in made]

    return single, bulk, f"jira {jira.__version__}, max_retries={3 if retry else 0}"


def atlassian_client(url: str, *, retry: bool) -> tuple[Send, Send, str]:
    import atlassian
    import urllib3.util.retry

    urllib3.util.retry.time.sleep = lambda seconds: None
    client = atlassian.Jira(
        url=url, username=USER, password=TOKEN, cloud=True, api_version="3", backoff_and_retry=retry
    )

    def single(items: list[dict[str, Any]]) -> list[str]:
        return [client.create_issue(fields=one)["key"] for one in items]

    def bulk(items: list[dict[str, Any]]) -> list[str]:
        return [one["key"] for one in client.create_issues([{"fields": one} for one in items])["issues"]]

    from importlib.metadata import version

    return single, bulk, f"atlassian-python-api {version('atlassian-python-api')}, backoff_and_retry={retry}"


def main(library: str, how: str, url: str, stories: int, epics: int, retry: bool) -> None:
    logging.disable(logging.CRITICAL)
    started, cpu = time.monotonic(), time.process_time()
    single, bulk, settings = {"jira": jira_client, "atlassian": atlassian_client}[library](url, retry=retry)
    send, size = (single, 1) if how == "single" else (bulk, 50)
    failed = 0

    def sent(items: list[dict[str, Any]]) -> list[str]:
        nonlocal failed
        keys = []
        for start in range(0, len(items), size):
            chunk = items[start : start + size]
            try:
                keys += send(chunk)
            except Exception:  # noqa: BLE001  (whatever the library raises is a failure of these items)
                failed += len(chunk)
        return keys

    parents = sent([fields(f"Epic {n}", EPIC) for n in range(1, epics + 1)])
    sent(
        [
            fields(f"Story {n}: pay by card", STORY, parents[n % len(parents)] if parents else "")
            for n in range(1, stories + 1)
        ]
    )
    json.dump(
        {
            "settings": settings,
            "wall": time.monotonic() - started,
            "cpu": time.process_time() - cpu,
            "reported_failed": failed,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    name, way, site, items, parents_wanted = sys.argv[1:6]
    main(name, way, site, int(items), int(parents_wanted), "--retry" in sys.argv)
