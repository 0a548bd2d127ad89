"""The gateway `/ex/jira/{cloudId}/…`: for OAuth apps and scoped API tokens, with Atlassian's checks before Jira's."""

from __future__ import annotations

import hmac
import re

from starlette.requests import Request

from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.login import Caller, basic_pair
from jira_integration.sandbox.oauth import bearer

_READING_POSTS = re.compile(r"search/jql|search/approximate-count|issue/bulkfetch|changelog/bulkfetch")
# The granular families that the OpenAPI document names for what exports do; all of one family are needed.
_GRANULAR: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("POST", r"issue(/bulk)?", frozenset({
        "write:issue:jira", "write:comment:jira", "write:comment.property:jira", "write:attachment:jira",
        "read:issue:jira",
    })),
    ("PUT", r"issue/[^/]+", frozenset({"write:issue:jira"})),
    ("DELETE", r"issue/[^/]+", frozenset({"delete:issue:jira"})),
    ("*", r"search/jql", frozenset({
        "read:issue-details:jira", "read:field.default-value:jira", "read:field.option:jira", "read:field:jira",
        "read:group:jira",
    })),
    ("PUT", r"issue/[^/]+/properties/.+", frozenset({"write:issue.property:jira"})),
    ("*", r"webhook(/.*)?", frozenset({
        "write:webhook:jira", "read:webhook:jira", "delete:webhook:jira", "read:field:jira", "read:project:jira",
        "read:jql:jira",
    })),
)  # fmt: skip


def _problem(status: int, message: str) -> JiraProblem:
    """The gateway's own shape."""
    return JiraProblem(status, [message], body={"code": status, "message": message})


def base(request: Request) -> str:
    """What `self` links begin with: the gateway's address, not the site's."""
    return f"{str(request.base_url).rstrip('/')}/ex/jira/{request.path_params['cloud']}"


def by_gateway(request: Request, jira: Jira) -> Caller:
    """Who asks, checked for site and scopes. Raises JiraProblem in the gateway's shape."""
    cloud = request.path_params["cloud"]
    account, scopes, app = _known(request, jira, cloud)
    if cloud != jira.settings.cloud_id:
        raise _problem(404, "Not Found")
    path = request.scope["path"].partition("/rest/api/3/")[2]
    if not _allowed(request.method, path, scopes):
        raise _problem(401, "Unauthorized; scope does not match")
    return Caller(account, {"X-AAccountId": account}, app)


def _known(request: Request, jira: Jira, cloud: str) -> tuple[str, frozenset[str], int]:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        user, secret = basic_pair(given)
        settings = jira.settings
        good = user == settings.user and hmac.compare_digest(secret.encode(), settings.scoped_token.encode())
        if not good or settings.token_ended:
            raise _problem(401, "Unauthorized")
        account = next(x.account_id for x in settings.logins if x.user == user)
        return account, frozenset(settings.scoped_to.split()), 0
    access = bearer(request)
    if access is None:
        # Not always 401 on real sites.
        raise _problem(jira.settings.ended_access_status, "Unauthorized")
    if cloud not in access.sites:
        raise _problem(403, "The app is not installed on this instance")
    return access.account, access.scopes, access.grant


def _allowed(method: str, path: str, scopes: frozenset[str]) -> bool:
    if classic_scope(method, path) in scopes | {""}:
        return True
    return any(
        needed <= scopes for verb, pattern, needed in _GRANULAR if verb in {"*", method} and re.fullmatch(pattern, path)
    )


def classic_scope(method: str, path: str) -> str:
    """The one classic scope that an operation needs; none for what anybody is told."""
    if path == "serverInfo":
        return ""
    if path.startswith("webhook"):
        return "manage:jira-webhook"
    if path == "priority/search":
        return "manage:jira-configuration"
    if path == "myself" or path.startswith("user"):
        return "read:jira-user"
    if method == "GET" or _READING_POSTS.fullmatch(path):
        return "read:jira-work"
    return "write:jira-work"
