"""Addresses of the host's pages. `<project>` is the project's key, `<key>` the item's (US-142, EP-3, TC-7)."""

from __future__ import annotations

from django.urls import path

from stories_qa.views import comments, epics, people, projects, selection, stories, story, test_cases, uploads

app_name = "stories_qa"
urlpatterns = [
    path("projects/new/", projects.project_new, name="project_new"),
    path("p/<str:project>/stories/", stories.stories, name="stories"),
    path("p/<str:project>/stories/new/", story.story_new, name="story_new"),
    path("p/<str:project>/stories/selection/", selection.selection, name="selection"),
    path("p/<str:project>/stories/<str:key>/", story.story, name="story"),
    path("p/<str:project>/stories/<str:key>/edit/<slug:section>/", story.story_edit, name="story_edit"),
    path("p/<str:project>/stories/<str:key>/delete/", story.story_delete, name="story_delete"),
    path("p/<str:project>/stories/<str:key>/comments/", comments.comment_new, name="comment_new"),
    path("p/<str:project>/stories/<str:key>/comments/<int:number>/", comments.comment_edit, name="comment_edit"),
    path(
        "p/<str:project>/stories/<str:key>/comments/<int:number>/delete/",
        comments.comment_delete,
        name="comment_delete",
    ),
    path("p/<str:project>/epics/", epics.epics, name="epics"),
    path("p/<str:project>/epics/new/", epics.epic_new, name="epic_new"),
    path("p/<str:project>/epics/<str:key>/", epics.epic, name="epic"),
    path("p/<str:project>/epics/<str:key>/edit/", epics.epic_edit, name="epic_edit"),
    path("p/<str:project>/epics/<str:key>/delete/", epics.epic_delete, name="epic_delete"),
    path("p/<str:project>/tests/", test_cases.test_cases, name="test_cases"),
    path("p/<str:project>/tests/for-<slug:sheet>.csv", test_cases.test_cases_csv, name="test_cases_csv"),
    path("p/<str:project>/tests/new/", test_cases.test_case_new, name="test_case_new"),
    path("p/<str:project>/tests/<str:key>/", test_cases.test_case, name="test_case"),
    path("p/<str:project>/tests/<str:key>/edit/", test_cases.test_case_edit, name="test_case_edit"),
    path("p/<str:project>/tests/<str:key>/delete/", test_cases.test_case_delete, name="test_case_delete"),
    path("p/<str:project>/import/", uploads.upload, name="upload"),
    path("p/<str:project>/import/<uuid:uid>/", uploads.upload_detail, name="upload_detail"),
    path("p/<str:project>/people/", people.people, name="people"),
    path("p/<str:project>/settings/", projects.settings, name="settings"),
]
