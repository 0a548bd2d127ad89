"""Jira over HTTP: addresses, logins, requests, typed answers. Knows neither Django nor our own models."""

from __future__ import annotations

from jira_integration.client.api import JiraClient
from jira_integration.client.cloud import CloudClient
from jira_integration.client.datacenter import DataCenterClient
from jira_integration.client.transport import Transport

__all__ = ["CloudClient", "DataCenterClient", "JiraClient", "Transport"]
