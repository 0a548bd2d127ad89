"""Whether somebody meant another site: atlasian.net, atlassian.com, atlassian.ent."""

from __future__ import annotations

from difflib import SequenceMatcher

CLOUD = "atlassian.net"
NAME = "atlassian"
ALIKE = 0.85  # 1 is the same; "atlasian" is 0.94, "altassian" 0.89, "atlantic" 0.71


def meant_site(host: str) -> str | None:
    """ "acme.atlassian.net" for "acme.atlasian.net"; None when the name is right or too far away.

    Atlassian's own other names (id.atlassian.com, api.atlassian.com) have no Jira either; a site name before
    atlassian.com is the commonest slip.
    """
    name = host.partition("/")[0].partition(":")[0].lower().rstrip(".")
    labels = name.split(".")
    if len(labels) < 2 or name.endswith(f".{CLOUD}") or name == CLOUD:
        return None
    if len(labels) == 2:  # acmeatlassian.net, acme.net: nothing to go by but a forgotten dot
        squeezed = name.removesuffix(CLOUD)
        return f"{squeezed}.{CLOUD}" if name.endswith(CLOUD) and squeezed else None
    site, name = labels[-3], labels[-2]
    return f"{site}.{CLOUD}" if SequenceMatcher(None, name, NAME).ratio() >= ALIKE else None
