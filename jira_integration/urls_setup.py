"""Addresses of the set-up; included by urls.py."""

from __future__ import annotations

from django.urls import path

from jira_integration.views import connections, setup, setup_webhook

urlpatterns = [
    path("jira/connections/", connections.connections, name="connections"),
    path("jira/connections/new/", connections.connection_new, name="connection_new"),
    path("jira/connections/<int:pk>/setup/<slug:step>/", setup.setup_step, name="setup_step"),
    path("jira/connections/<int:pk>/webhook/live/", setup_webhook.webhook_live, name="webhook_live"),
]
