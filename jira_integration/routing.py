"""WebSocket addresses; the host puts them behind its session and origin checks (config/asgi.py)."""

from __future__ import annotations

from django.urls import path

from jira_integration.consumers import PlanConsumer, RunConsumer, WorkspaceConsumer

websocket_urlpatterns = [
    path("ws/runs/<int:number>/", RunConsumer.as_asgi()),
    path("ws/plans/<int:number>/", PlanConsumer.as_asgi()),
    path("ws/workspace/<str:project>/", WorkspaceConsumer.as_asgi()),
]
