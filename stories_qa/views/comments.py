"""What people say about a story: write, edit, delete. Everybody who may edit stories may comment; a comment is edited
by its author alone, and deleted by the author or an admin. One from elsewhere is changed where it was written."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from stories_qa import access, comments
from stories_qa.access import project_view
from stories_qa.forms.comment import CommentForm
from stories_qa.jira_source import comment_saved
from stories_qa.models import Comment, Project, Story
from stories_qa.once import made_before, make_once
from stories_qa.views.pages import see_other
from stories_qa.views.story import find, page


def address(story: Story, comment: Comment | None = None) -> str:
    return f"{story.get_absolute_url()}#{f'comment-{comment.pk}' if comment else 'section-comments'}"


@project_view("edit")
@require_POST
def comment_new(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    item = find(project, key)
    if again := made_before(request):
        return see_other(again)
    form = CommentForm(request.POST, prefix="new")
    if not form.is_valid():
        return page(request, project, item, status=422, new_comment=form, page_error=True)

    def make() -> str:
        with transaction.atomic():
            comment = comments.write(item, request.user, form.cleaned_data["body"])
            comment_saved(item.ref, comment.ref)
        return address(item, comment)

    return see_other(make_once(request, make))


@project_view("edit")
@require_http_methods(["GET", "POST"])
def comment_edit(request: HttpRequest, project: Project, key: str, number: int) -> HttpResponse:
    """The story's page with one comment open as a form."""
    item = find(project, key)
    comment = comment_of(item, number)
    if comment.author_id != request.user.pk or comment.place:
        raise Http404
    form = CommentForm(request.POST or None, initial={"body": comment.body})
    if request.method == "GET" or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        return page(
            request, project, item, status, editing_comment=comment.pk, comment_form=form, page_error=status == 422
        )
    with transaction.atomic():
        if comments.edit(comment, form.cleaned_data["body"]):
            comment_saved(item.ref, comment.ref)
    return see_other(address(item, comment))


@project_view("edit")
@require_http_methods(["GET", "POST"])
def comment_delete(request: HttpRequest, project: Project, key: str, number: int) -> HttpResponse:
    item = find(project, key)
    comment = comment_of(item, number)
    if comment.place or not (comment.author_id == request.user.pk or access.may(request.user, project, "admin")):
        raise Http404
    if request.method == "GET":
        return render(
            request, "stories_qa/comment_delete.html", {"project": project, "story": item, "comment": comment}
        )
    with transaction.atomic():
        comments.take_back(comment)
        comment_saved(item.ref, comment.ref)
    return see_other(address(item))


def comment_of(story: Story, number: int) -> Comment:
    found = Comment.objects.filter(story=story, pk=number, deleted_at=None).first()
    if found is None:
        raise Http404
    return found
