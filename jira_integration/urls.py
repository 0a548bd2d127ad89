"""Addresses of the plug-in's pages."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "jira_integration"
urlpatterns: list[URLPattern] = []
