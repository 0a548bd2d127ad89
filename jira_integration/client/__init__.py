"""Jira over HTTP: addresses, logins, requests, typed answers. Knows neither Django nor our own models."""

from __future__ import annotations
