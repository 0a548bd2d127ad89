"""OAuth grants as Atlassian keeps them: one for each app and account, with rotating refresh tokens.

A refresh gives a new refresh token and uses the old one up. The old one is taken again for the leeway, since an answer
may have been lost; after that its use takes away every token of its family, which is all that came of one consent.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from jira_integration.sandbox.call import Jira

_DAY_MS = 24 * 3600 * 1000
_CODE_LIFE_MS = 5 * 60 * 1000
_IDLE_MS = 90 * _DAY_MS
_ABSOLUTE_MS = 365 * _DAY_MS
UNKNOWN_REFRESH = "Unknown or invalid refresh token."


class GrantError(Exception):
    """A refusal of the token address: HTTP status, error, description."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class Access:
    """What a good access token stands for; `grant` is the consent's number."""

    account: str
    scopes: frozenset[str]
    sites: tuple[str, ...]
    grant: int


def consent(jira: Jira, account: str, scopes: list[str], site: str, redirect: str) -> str:
    """Note that somebody allowed the app to work on a site; the code for it.

    A second consent adds a site to the same grant; new scopes are of the new tokens only.
    """
    row = jira.store.row("SELECT * FROM oauth_grant WHERE account = ? AND withdrawn = 0", account)
    if row is None:
        grant = jira.store.next_number("oauth_grant", 1)
        jira.store.write("INSERT INTO oauth_grant VALUES (?, ?, ?, 0)", grant, account, json.dumps([site]))
    else:
        grant = row["id"]
        sites = json.dumps(sorted({*json.loads(row["sites"]), site}))
        jira.store.write("UPDATE oauth_grant SET sites = ? WHERE id = ?", sites, grant)
    code = secrets.token_urlsafe(24)
    family = jira.store.next_number("oauth_family", 1)
    _keep(jira, code, "code", grant, family, " ".join(scopes), redirect)
    return code


def _keep(jira: Jira, token: str, kind: str, grant: int, family: int, scope: str, redirect: str = "") -> None:
    born = jira.store.row("SELECT min(made) AS at FROM oauth_token WHERE family = ?", family)
    now = jira.clock.now_ms()
    jira.store.write(
        "INSERT INTO oauth_token VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        token, kind, grant, family, scope, redirect, now, born["at"] if born and born["at"] is not None else now,
    )  # fmt: skip


def by_code(jira: Jira, code: str, redirect: str) -> dict[str, Any]:
    """The first tokens of a family. A code is good once. Raises GrantError."""
    row = _row(jira, code, "code")
    late = row is not None and jira.clock.now_ms() - row["made"] > _CODE_LIFE_MS
    if row is None or late or row["used"] is not None or row["redirect"] != redirect:
        raise GrantError(403, "invalid_grant", "Invalid authorization code")
    return _pair(jira, row)


def by_refresh(jira: Jira, token: str) -> dict[str, Any]:
    """The next tokens of a family. Raises GrantError; a re-use after the leeway revokes the family first."""
    row = _row(jira, token, "refresh")
    if row is None:
        raise GrantError(403, "invalid_grant", UNKNOWN_REFRESH)
    if jira.store.row("SELECT 1 FROM oauth_revoked WHERE family = ?", row["family"]):
        raise GrantError(403, "unauthorized_client", "refresh_token is invalid")
    now = jira.clock.now_ms()
    if row["used"] is not None and now - row["used"] > jira.settings.refresh_leeway_seconds * 1000:
        jira.store.write("INSERT OR IGNORE INTO oauth_revoked VALUES (?, 'reused')", row["family"])
        raise GrantError(403, "invalid_grant", UNKNOWN_REFRESH)
    if now - row["made"] > _IDLE_MS or now - row["born"] > _ABSOLUTE_MS:
        raise GrantError(403, "invalid_grant", UNKNOWN_REFRESH)
    return _pair(jira, row)


def _row(jira: Jira, token: str, kind: str) -> Any:
    """A token whose consent still stands."""
    return jira.store.row(
        "SELECT oauth_token.* FROM oauth_token JOIN oauth_grant ON oauth_grant.id = grant_id "
        "WHERE token = ? AND kind = ? AND withdrawn = 0",
        token, kind,
    )  # fmt: skip


def _pair(jira: Jira, row: Any) -> dict[str, Any]:
    """A new access token, and a refresh token where `offline_access` was allowed; the one given is used up."""
    jira.store.write(
        "UPDATE oauth_token SET used = coalesce(used, ?) WHERE token = ?", jira.clock.now_ms(), row["token"]
    )
    access = "at-" + secrets.token_urlsafe(40)
    _keep(jira, access, "access", row["grant_id"], row["family"], row["scope"])
    told = {
        "access_token": access,
        "expires_in": jira.settings.access_seconds,
        "token_type": "Bearer",
        "scope": row["scope"],
    }
    if "offline_access" in row["scope"].split():
        refresh = "rt-" + secrets.token_urlsafe(40)
        _keep(jira, refresh, "refresh", row["grant_id"], row["family"], row["scope"])
        told["refresh_token"] = refresh
    return told


def access_of(jira: Jira, token: str) -> Access | None:
    """None for a token that is unknown, too old, revoked or whose consent was withdrawn."""
    row = _row(jira, token, "access")
    if row is None or jira.clock.now_ms() - row["made"] >= jira.settings.access_seconds * 1000:
        return None
    if jira.store.row("SELECT 1 FROM oauth_revoked WHERE family = ?", row["family"]):
        return None
    grant = jira.store.row("SELECT * FROM oauth_grant WHERE id = ?", row["grant_id"])
    if grant is None:
        return None
    sites = tuple(json.loads(grant["sites"]))
    return Access(grant["account"], frozenset(row["scope"].split()), sites, grant["id"])


def withdraw(jira: Jira, account: str) -> int:
    """What a person does under "Connected apps"; how many consents that ended. Empty: everybody's."""
    chosen = jira.store.rows(
        "SELECT id FROM oauth_grant WHERE withdrawn = 0 AND (? = '' OR account = ?)", account, account
    )
    for row in chosen:
        jira.store.write("UPDATE oauth_grant SET withdrawn = 1 WHERE id = ?", row["id"])
        jira.store.write("DELETE FROM webhook WHERE json_extract(body, '$.app.grant') = ?", row["id"])
    return len(chosen)


def end_access(jira: Jira) -> None:
    """Every access token is as if its hour were over."""
    jira.store.write("UPDATE oauth_token SET made = 0 WHERE kind = 'access'")


def listed(jira: Jira) -> list[dict[str, Any]]:
    """The consents with the numbers of their tokens, never the tokens."""
    beans = []
    for row in jira.store.rows("SELECT * FROM oauth_grant ORDER BY id"):
        tokens = jira.store.rows("SELECT kind, family, used FROM oauth_token WHERE grant_id = ?", row["id"])
        gone = {r["family"] for r in jira.store.rows("SELECT family FROM oauth_revoked")}
        beans.append(
            {
                "account": row["account"],
                "sites": json.loads(row["sites"]),
                "withdrawn": bool(row["withdrawn"]),
                "families": len({t["family"] for t in tokens}),
                "revoked": len({t["family"] for t in tokens} & gone),
                "access_tokens": sum(t["kind"] == "access" for t in tokens),
                "refresh_tokens": sum(t["kind"] == "refresh" for t in tokens),
                "refreshes": sum(t["kind"] == "refresh" and t["used"] is not None for t in tokens),
            }
        )
    return beans
