"""Addresses of the set-up; included by urls.py."""

from __future__ import annotations

from django.urls import path

from jira_integration.views import (
    comments,
    connections,
    deliveries,
    doctor,
    mapping_copy,
    mapping_versions,
    oauth,
    setup,
    setup_find,
    setup_trial,
    setup_webhook,
)

urlpatterns = [
    path("jira/connections/", connections.connections, name="connections"),
    path("jira/connections/<int:pk>/oauth/start/", oauth.oauth_start, name="oauth_start"),
    path("jira/oauth/callback/", oauth.oauth_callback, name="oauth_callback"),
    path("jira/oauth/sites/", oauth.oauth_sites, name="oauth_sites"),
    path("jira/connections/new/", connections.connection_new, name="connection_new"),
    path("jira/connections/<int:pk>/setup/<slug:step>/", setup.setup_step, name="setup_step"),
    path("jira/connections/<int:pk>/doctor/", doctor.doctor, name="doctor"),
    path("jira/connections/<int:pk>/doctor/run/", doctor.doctor_run, name="doctor_run"),
    path("jira/connections/<int:pk>/doctor/file/", doctor.doctor_bundle, name="doctor_bundle"),
    path("jira/connections/<int:pk>/webhook/live/", setup_webhook.webhook_live, name="webhook_live"),
    path("jira/connections/<int:pk>/find/", setup_find.setup_find, name="setup_find"),
    path("jira/connections/<int:pk>/comments/", comments.setup_comments, name="setup_comments"),
    path("jira/connections/<int:pk>/deliveries/", deliveries.deliveries, name="deliveries"),
    path(
        "jira/connections/<int:pk>/deliveries/<int:number>/again/",
        deliveries.delivery_again,
        name="delivery_again",
    ),
    path("jira/connections/<int:pk>/trial/", setup_trial.setup_trial, name="setup_trial"),
    path("jira/connections/<int:pk>/versions/", mapping_versions.mapping_versions, name="mapping_versions"),
    path(
        "jira/connections/<int:pk>/versions/<int:number>/use/",
        mapping_versions.mapping_use_again,
        name="mapping_use_again",
    ),
    path("jira/connections/<int:pk>/copy/", mapping_copy.mapping_copy, name="mapping_copy"),
]
