"""The floor of the wall time: the requests we once sent, sent again over as many connections, with nothing in between.

A request waits for one thing only: for the creates whose issues it names.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import requests

from benchmarks.rehearsal import TOKEN, USER


def recorded(log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a replay needs of the sandbox's log: each request with the numbers of those it must come after."""
    made: dict[str, int] = {}
    for place, entry in enumerate(log):
        for issue in (entry["answer"] or {}).get("issues", []) if entry["path"].endswith("/issue/bulk") else []:
            made[issue["id"]] = place
    return [
        {
            "method": entry["method"],
            "path": entry["path"] + (f"?{entry['query']}" if entry["query"] else ""),
            "body": None if entry["body"] is None else json.dumps(entry["body"]),
            "after": sorted({made[one] for one in _named(entry) if made.get(one, place) < place}),
        }
        for place, entry in enumerate(log)
    ]


def _named(entry: dict[str, Any]) -> set[str]:
    """Ids of issues a request speaks of."""
    body = entry["body"] or {}
    parents = [one["fields"].get("parent") or {} for one in body.get("issueUpdates", [])]
    return {one["id"] for one in parents if "id" in one} | set(body.get("issueIdsOrKeys", []))


def replay(url: str, wanted: Sequence[dict[str, Any]], connections: int = 4) -> float:
    """Seconds from the first request to the last answer."""
    queue, lock = list(enumerate(wanted)), threading.Lock()
    done = [threading.Event() for _ in wanted]
    refused: list[int] = []

    def work() -> None:
        session = requests.Session()
        session.auth, session.trust_env = (USER, TOKEN), False
        while True:
            with lock:
                if not queue:
                    return
                place, one = queue.pop(0)
            for earlier in one["after"]:
                done[earlier].wait(60)
            headers = {"Content-Type": "application/json"} if one["body"] is not None else {}
            answer = session.request(one["method"], url + one["path"], data=one["body"], headers=headers, timeout=60)
            if not answer.ok:
                refused.append(answer.status_code)
            done[place].set()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise RuntimeError(f"The replay was refused: {refused}")
    return time.monotonic() - began
