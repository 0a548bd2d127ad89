"""Addresses of the plug-in's pages. `<project>` is the key of a project of the host."""

from __future__ import annotations

from django.urls import path

from jira_integration.urls_setup import urlpatterns as setup_urlpatterns
from jira_integration.views import (
    anyway,
    audit,
    comments,
    conflicts,
    conflicts_bulk,
    linking,
    live,
    overview,
    plans,
    runs,
    tickets,
    undo,
)
from jira_integration.views.webhooks import webhook

app_name = "jira_integration"
urlpatterns = [
    path("p/<str:project>/jira/", overview.overview, name="overview"),
    path("p/<str:project>/jira/check/", overview.check_now, name="check_now"),
    path("p/<str:project>/jira/comments/send/", comments.comment_send, name="comment_send"),
    path("p/<str:project>/jira/comments/<int:number>/choose/", comments.comment_choose, name="comment_choose"),
    path("p/<str:project>/jira/link/", linking.link, name="link"),
    path("p/<str:project>/jira/news/", live.news, name="news"),
    path("p/<str:project>/jira/plans/", plans.plan_create, name="plan_create"),
    path("p/<str:project>/jira/plans/<int:number>/", plans.plan, name="plan"),
    path("p/<str:project>/jira/plans/<int:number>/live/", plans.plan_live, name="plan_live"),
    path("p/<str:project>/jira/plans/<int:number>/export/", plans.plan_export, name="plan_export"),
    path("p/<str:project>/jira/plans/<int:number>/refresh/", plans.plan_refresh, name="plan_refresh"),
    path("p/<str:project>/jira/plans/<int:number>/discard/", plans.plan_discard, name="plan_discard"),
    path("p/<str:project>/jira/plans/<int:number>/csv/", plans.plan_csv, name="plan_csv"),
    path("p/<str:project>/jira/plans/<int:number>/same/<int:item>/", plans.plan_same, name="plan_same"),
    path("p/<str:project>/jira/runs/", runs.runs, name="runs"),
    path("p/<str:project>/jira/runs/<int:number>/", runs.run, name="run"),
    path("p/<str:project>/jira/runs/<int:number>/live/", live.run_live, name="run_live"),
    path("p/<str:project>/jira/runs/<int:number>/stop/", runs.run_stop, name="run_stop"),
    path("p/<str:project>/jira/runs/<int:number>/pause/", runs.run_pause, name="run_pause"),
    path("p/<str:project>/jira/runs/<int:number>/move/", runs.run_move, name="run_move"),
    path("p/<str:project>/jira/runs/<int:number>/continue/", runs.run_continue, name="run_continue"),
    path("p/<str:project>/jira/runs/<int:number>/retry/", runs.run_retry, name="run_retry"),
    path("p/<str:project>/jira/runs/<int:number>/items/<int:item>/retry/", runs.run_item_retry, name="run_item_retry"),
    path("p/<str:project>/jira/runs/<int:number>/create/", anyway.run_create, name="run_create"),
    path(
        "p/<str:project>/jira/runs/<int:number>/items/<int:item>/create/",
        anyway.run_item_create,
        name="run_item_create",
    ),
    path("p/<str:project>/jira/runs/<int:number>/undo/", undo.run_undo, name="run_undo"),
    path("p/<str:project>/jira/runs/<int:number>/csv/", runs.run_csv, name="run_csv"),
    path("p/<str:project>/jira/conflicts/", conflicts.conflicts, name="conflicts"),
    path("p/<str:project>/jira/conflicts/preview/", conflicts_bulk.conflicts_preview, name="conflicts_preview"),
    path("p/<str:project>/jira/conflicts/<int:number>/", conflicts.conflict, name="conflict"),
    path("p/<str:project>/jira/tickets/<int:number>/look/", tickets.ticket_look, name="ticket_look"),
    path("p/<str:project>/jira/tickets/<int:number>/again/", tickets.ticket_again, name="ticket_again"),
    path("p/<str:project>/jira/tickets/<int:number>/unlink/", tickets.ticket_unlink, name="ticket_unlink"),
    path("audit/", audit.audit, name="audit"),
    path("audit/csv/", audit.audit, {"form": "csv"}, name="audit_csv"),
    path("jira/webhooks/<uuid:uid>/", webhook, name="webhook"),
    *setup_urlpatterns,
]
