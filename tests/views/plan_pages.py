"""The page of a preview as somebody sees it who is signed in."""

from __future__ import annotations

from django.test import Client

from jira_integration.models import ExportPlan


def shown(client: Client, plan: ExportPlan, query: str = "") -> str:
    answer = client.get(f"/p/SHOP/jira/plans/{plan.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()
