"""The REST resources of each flavour: method, path, handler."""

from __future__ import annotations

from starlette.routing import Route

from jira_integration.sandbox import (
    app_webhooks,
    bulk,
    comments,
    dc_issues,
    dc_metadata,
    gateway,
    history,
    issue_api,
    links,
    metadata,
    people,
    places,
    properties,
    search,
    webhooks,
    work_done,
    workflow,
)
from jira_integration.sandbox.call import Handler, Serve, endpoint
from jira_integration.sandbox.settings import Flavour, SandboxSettings

Table = tuple[tuple[str, str, Handler], ...]

# What both flavours have, with answers in their own forms.
_SHARED: Table = (
    ("GET", "project/{project}", metadata.get_project),
    ("GET", "project/{project}/statuses", metadata.project_statuses),
    ("GET", "issuetype", metadata.issue_types),
    ("GET", "field", metadata.fields),
    ("GET", "priority", metadata.priorities),
    ("GET", "status", metadata.statuses),
    ("GET", "statuscategory", metadata.status_categories),
    ("GET", "resolution", metadata.resolutions),
    ("POST", "issue", issue_api.post_issue),
    ("POST", "issue/bulk", issue_api.post_bulk),
    ("GET", "issue/{issue}/editmeta", issue_api.edit_meta),
    ("GET", "issue/{issue}/transitions", workflow.get_transitions),
    ("GET", "issue/{issue}/comment", comments.get_comments),
    ("POST", "issue/{issue}/comment", comments.add_comment),
    ("GET", "issue/{issue}/comment/{comment}", comments.get_comment),
    ("PUT", "issue/{issue}/comment/{comment}", comments.update_comment),
    ("DELETE", "issue/{issue}/comment/{comment}", comments.delete_comment),
    ("GET", "issue/{issue}/worklog", work_done.get_worklogs),
    ("POST", "issue/{issue}/worklog", work_done.add_worklog),
    ("DELETE", "issue/{issue}/worklog/{worklog}", work_done.delete_worklog),
    ("POST", "issue/{issue}/attachments", work_done.add_attachments),
    ("GET", "attachment/{attachment}", work_done.get_attachment),
    ("DELETE", "attachment/{attachment}", work_done.delete_attachment),
    ("GET", "issue/{issue}/properties", properties.get_properties),
    ("GET", "issue/{issue}/properties/{key:path}", properties.get_property),
    ("PUT", "issue/{issue}/properties/{key:path}", properties.put_property),
    ("DELETE", "issue/{issue}/properties/{key:path}", properties.delete_property),
    ("GET", "issue/{issue}/remotelink", links.get_remote_links),
    ("POST", "issue/{issue}/remotelink", links.put_remote_link),
    ("DELETE", "issue/{issue}/remotelink", links.delete_remote_link),
    ("DELETE", "issue/{issue}/remotelink/{link}", links.delete_remote_link),
    ("POST", "issueLink", links.link_issues),
    ("GET", "issueLink/{link}", links.get_link),
    ("DELETE", "issueLink/{link}", links.delete_link),
    ("GET", "issueLinkType", links.link_types),
)
_CLOUD: Table = (
    ("GET", "serverInfo", metadata.server_info),
    ("GET", "myself", metadata.myself),
    ("GET", "mypermissions", people.my_permissions),
    ("GET", "project/search", metadata.search_projects),
    ("GET", "priority/search", metadata.search_priorities),
    ("GET", "user", people.get_user),
    ("GET", "user/search", people.search_users),
    ("GET", "user/assignable/search", people.assignable_users),
    ("GET", "search", search.gone),
    ("POST", "search", search.gone),
    ("GET", "search/jql", search.search_get),
    ("POST", "search/jql", search.search_post),
    ("POST", "search/approximate-count", search.approximate_count),
    ("GET", "issue/createmeta/{project}/issuetypes", metadata.create_issue_types),
    ("GET", "issue/createmeta/{project}/issuetypes/{type}", metadata.create_fields),
    ("POST", "issue/bulkfetch", issue_api.bulk_fetch),
    ("POST", "changelog/bulkfetch", history.bulk_changelogs),
    ("PUT", "issue/archive", places.archive),
    ("PUT", "issue/unarchive", places.unarchive),
    ("POST", "bulk/issues/delete", bulk.delete_issues),
    ("GET", "bulk/queue/{task}", bulk.get_progress),
    ("GET", "issue/{issue}/changelog", history.get_changelog),
    ("POST", "issue/{issue}/transitions", workflow.do_transition),
    ("GET", "issue/{issue}", issue_api.get_issue),
    ("PUT", "issue/{issue}", issue_api.put_issue),
    ("DELETE", "issue/{issue}", issue_api.delete_issue),
)
_DATA_CENTER: Table = (
    ("GET", "serverInfo", dc_metadata.server_info),
    ("GET", "myself", dc_metadata.myself),
    ("GET", "mypermissions", dc_metadata.my_permissions),
    ("GET", "project", dc_metadata.projects),
    ("GET", "user", dc_metadata.get_user),
    ("GET", "user/search", dc_metadata.search_users),
    ("GET", "user/assignable/search", dc_metadata.assignable_users),
    ("GET", "search", dc_issues.search_get),
    ("POST", "search", dc_issues.search_post),
    ("GET", "issue/createmeta/{project}/issuetypes", dc_metadata.create_issue_types),
    ("GET", "issue/createmeta/{project}/issuetypes/{type}", dc_metadata.create_fields),
    ("PUT", "issue/{issue}/archive", dc_issues.archive),
    ("PUT", "issue/{issue}/restore", dc_issues.restore),
    ("POST", "issue/{issue}/transitions", dc_issues.do_transition),
    ("GET", "issue/{issue}", issue_api.get_issue),
    ("PUT", "issue/{issue}", dc_issues.put_issue),
    ("DELETE", "issue/{issue}", issue_api.delete_issue),
)
# Gone in 9.0, where its address is read as the key of an issue.
_OLD_CREATEMETA: Table = (("GET", "issue/createmeta", dc_metadata.old_createmeta),)
_AGILE: Table = (("POST", "epic/{epic}/issue", dc_issues.add_to_epic),)
_APP_WEBHOOKS: Table = (
    ("GET", "webhook", app_webhooks.list_own),
    ("POST", "webhook", app_webhooks.register),
    ("DELETE", "webhook", app_webhooks.delete_own),
    ("PUT", "webhook/refresh", app_webhooks.refresh),
    ("GET", "webhook/failed", app_webhooks.failed),
)
_WEBHOOKS: Table = (
    ("GET", "webhook", webhooks.list_webhooks),
    ("POST", "webhook", webhooks.post_webhook),
    ("GET", "webhook/{webhook:int}", webhooks.get_webhook),
    ("PUT", "webhook/{webhook:int}", webhooks.put_webhook),
    ("DELETE", "webhook/{webhook:int}", webhooks.delete_webhook),
)


def rest_routes(settings: SandboxSettings) -> list[Route]:
    """The REST API of a flavour, and of a version of it."""
    if settings.flavour is Flavour.CLOUD:
        table = _CLOUD + _APP_WEBHOOKS + _SHARED
        return [
            *_routes("/rest/api/3", table, 3),
            *_routes("/rest/webhooks/1.0", _WEBHOOKS, 3),
            *(
                Route(f"/ex/jira/{{cloud}}/rest/api/3/{path}", _by_gateway(handler), methods=[method])
                for method, path, handler in table
            ),
        ]
    old = _OLD_CREATEMETA if settings.version < (9, 0) else ()
    table = old + _DATA_CENTER + _SHARED
    roots = ("/rest/api/2", "/rest/api/latest")
    return [
        *(route for root in roots for route in _routes(root, table, 2)),
        *_routes("/rest/agile/1.0", _AGILE, 2),
        *_routes("/rest/webhooks/1.0", _WEBHOOKS, 2),
    ]


def _by_gateway(handler: Handler) -> Serve:
    return endpoint(handler, who=gateway.by_gateway, at=gateway.base)


def _routes(root: str, table: Table, api: int) -> list[Route]:
    return [Route(f"{root}/{path}", endpoint(handler, api=api), methods=[method]) for method, path, handler in table]
