"""Addresses of the plug-in's pages. `<project>` is the key of a project of the host."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, path

from jira_integration.views.unbuilt import unbuilt

if find_spec("jira_integration.urls_setup"):
    setup_urlpatterns: list[URLPattern] = import_module("jira_integration.urls_setup").urlpatterns
else:
    setup_urlpatterns = [
        path("jira/connections/", unbuilt, name="connections"),
        path("jira/connections/new/", unbuilt, name="connection_new"),
        path("jira/connections/<int:pk>/setup/<slug:step>/", unbuilt, name="setup_step"),
        path("jira/webhooks/<uuid:uid>/", unbuilt, name="webhook"),
    ]

app_name = "jira_integration"
urlpatterns = [
    path("p/<str:project>/jira/", unbuilt, name="overview"),
    path("p/<str:project>/jira/check/", unbuilt, name="check_now"),
    path("p/<str:project>/jira/news/", unbuilt, name="news"),
    path("p/<str:project>/jira/plans/", unbuilt, name="plan_create"),
    path("p/<str:project>/jira/plans/<int:number>/", unbuilt, name="plan"),
    path("p/<str:project>/jira/plans/<int:number>/live/", unbuilt, name="plan_live"),
    path("p/<str:project>/jira/plans/<int:number>/export/", unbuilt, name="plan_export"),
    path("p/<str:project>/jira/plans/<int:number>/refresh/", unbuilt, name="plan_refresh"),
    path("p/<str:project>/jira/plans/<int:number>/discard/", unbuilt, name="plan_discard"),
    path("p/<str:project>/jira/plans/<int:number>/csv/", unbuilt, name="plan_csv"),
    path("p/<str:project>/jira/runs/", unbuilt, name="runs"),
    path("p/<str:project>/jira/runs/<int:number>/", unbuilt, name="run"),
    path("p/<str:project>/jira/runs/<int:number>/live/", unbuilt, name="run_live"),
    path("p/<str:project>/jira/runs/<int:number>/stop/", unbuilt, name="run_stop"),
    path("p/<str:project>/jira/runs/<int:number>/continue/", unbuilt, name="run_continue"),
    path("p/<str:project>/jira/runs/<int:number>/retry/", unbuilt, name="run_retry"),
    path("p/<str:project>/jira/runs/<int:number>/items/<int:item>/retry/", unbuilt, name="run_item_retry"),
    path("p/<str:project>/jira/runs/<int:number>/csv/", unbuilt, name="run_csv"),
    path("audit/", unbuilt, name="audit"),
    *setup_urlpatterns,
]
