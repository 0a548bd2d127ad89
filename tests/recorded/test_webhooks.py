"""What real sites posted: every recorded event is read without an exception, and taken up or knowingly left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jira_integration.sync.inbox import read_event, storable, why_ignored

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "cases" / "webhooks"
BODIES = sorted(FOLDER.glob("*.json"))


@pytest.mark.skipif(not BODIES, reason="the recorded bodies lie beside the checkout; this is a clone without them")
def test_every_recorded_event_is_taken_up_or_ignored_with_a_reason() -> None:
    reasons: dict[str, str] = {}
    taken_up = 0
    for path in BODIES:
        body: Any = json.loads(path.read_text())
        event = read_event(body if isinstance(body, dict) else {})
        storable(body)
        reason = why_ignored(event)
        if reason:
            reasons[path.name] = reason
        else:
            taken_up += 1
            assert event.issue_id.isdigit(), path.name
            known = event.name.startswith(("jira:issue_", "comment_"))
            assert known or path.name == "zulip__change_status_v1.json", path.name

    assert len(reasons) + taken_up == len(BODIES) == 65
    assert taken_up >= 30
    unknown = {name for name, reason in reasons.items() if reason.endswith("is not known")}
    assert unknown <= {"gitlabhook__security-0.json", "zulip__unknown_v1.json", "zulip__unknown_v2.json"}
