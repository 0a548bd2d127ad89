"""The admin site for the host's models. Read-mostly: the pages keep versions and keys right, forms here would not."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from stories_qa.models import (
    AcceptanceCriterion,
    BacklogUpload,
    Comment,
    Epic,
    Membership,
    Project,
    Story,
    TestCase,
    TestStep,
)


class ReadOnly:
    """No adding, changing or deleting; looking needs the usual permission."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # Django cannot subscript it
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


class CriterionInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # Django cannot subscript it
    model = AcceptanceCriterion
    extra = 0


class StepInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # Django cannot subscript it
    model = TestStep
    extra = 0


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot subscript it
    """Members can be changed here: it is how the first one gets in."""

    list_display = ["key", "name", "created_at"]
    search_fields = ["key", "name"]
    readonly_fields = ["ref", "last_number", "created_at"]
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # its stories' tickets in Jira would be left alone

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The key stands in addresses that people keep.
        return self.readonly_fields if obj is None else [*self.readonly_fields, "key"]


@admin.register(Epic)
class EpicAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot subscript it
    list_display = ["key", "title", "project", "status", "updated_at", "updated_by"]
    list_filter = ["project", "status"]
    search_fields = ["key", "title"]


@admin.register(Story)
class StoryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot subscript it
    list_display = ["key", "title", "project", "epic", "status", "priority", "updated_at", "updated_by"]
    list_filter = ["project", "status", "priority"]
    list_select_related = ["project", "epic"]
    search_fields = ["key", "title"]
    inlines = [CriterionInline]


@admin.register(TestCase)
class TestCaseAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot subscript it
    __test__ = False  # not a pytest class

    list_display = ["key", "title", "project", "story", "last_result", "updated_at"]
    list_filter = ["project", "last_result"]
    list_select_related = ["project", "story"]
    search_fields = ["key", "title"]
    inlines = [StepInline]


@admin.register(Comment)
class CommentAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot subscript it
    list_display = ["story", "author_name", "place", "written_at", "deleted_at"]
    list_select_related = ["story"]


@admin.register(BacklogUpload)
class BacklogUploadAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot subscript it
    list_display = ["file_name", "project", "state", "uploaded_by", "created_at"]
    list_filter = ["project", "state"]
    exclude = ["file"]
