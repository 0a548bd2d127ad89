"""What is wrong with the account or its login: who we are to Jira, and what that account may do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import Entry, setup

TOKEN = setup(_("Enter a new token"), "sign-in", "id_token")
TEST = setup(_("Test sign-in"), "sign-in", "test")

CONSENT = setup(_("Sign in at Atlassian"), "sign-in", "id_login_0")

ENTRIES: dict[str, Entry] = {
    "bad_login": Entry(
        _("Jira did not accept the e-mail and token."),
        _("They do not belong together, or the token was revoked."),
        _("Make a new token at id.atlassian.com under Security, and enter it here."),
        TOKEN,
    ),
    "bad_pat": Entry(
        _("Jira did not accept the personal access token."),
        _("It was revoked or has ended, or belongs to another Jira."),
        _("Make a new token in Jira under your profile, Personal Access Tokens, and enter it here."),
        TOKEN,
    ),
    "bad_password": Entry(
        _("Jira did not accept the user name and password."),
        _("They do not belong together. After a few more wrong ones Jira asks for a CAPTCHA."),
        _("Sign in to Jira with them in a browser first. Then enter them here."),
        TOKEN,
    ),
    "basic_off": Entry(
        _("This Jira takes no user names and passwords from programs."),
        _("Its admins switched basic authentication off."),
        _("Use a personal access token."),
        setup(_("Change how we sign in"), "sign-in", "id_login_0"),
    ),
    "pat_expired": Entry(
        _("The personal access token ended on {ended}."),
        _("What waits for Jira starts by itself once there is a new one."),
        _("Make a new token in Jira under your profile, Personal Access Tokens."),
        setup(_("Replace the token"), "sign-in", "id_token"),
    ),
    "reconnect": Entry(
        _("The sign-in at {site} through Atlassian is over."),
        _("The consent was withdrawn, was not used for 90 days, or the password of the account was changed."),
        _("Sign in anew. What waits for Jira starts by itself then."),
        CONSENT,
    ),
    "scope_grant": Entry(
        _("The consent given for {site} does not cover this."),
        _("A scope is missing. Refreshing the sign-in cannot change that."),
        _("Consent again, and leave every scope in."),
        CONSENT,
    ),
    "oauth_app": Entry(
        _("Atlassian does not know our OAuth app."),
        _("The client id and secret are missing, or not those of an app at developer.atlassian.com."),
        _("Set JIRA_OAUTH_CLIENT_ID and JIRA_OAUTH_CLIENT_SECRET, or use an API token."),
        setup(_("Change how we sign in"), "sign-in", "id_login_0"),
    ),
    "oauth_denied": Entry(
        _("Nobody consented at Atlassian."),
        _("The page there was left with Cancel. Nothing was saved."),
        _("Sign in at Atlassian again, and accept."),
        CONSENT,
        tone="warning",
    ),
    "oauth_state": Entry(
        _("This answer from Atlassian belongs to no sign-in that is under way here."),
        _("It is older than ten minutes, was used before, or was begun in another browser. Nothing was saved."),
        _("Begin again."),
        CONSENT,
    ),
    "oauth_no_sites": Entry(
        _("The consent reaches no Jira site."),
        _("The Atlassian account belongs to no site with Jira, or none was chosen on the page there."),
        _("Sign in at Atlassian again with an account of {site}."),
        CONSENT,
    ),
    "captcha": Entry(
        _("Jira wants a CAPTCHA for {account} before it lets us in."),
        _("It saw too many failed sign-ins. More tries make it worse, so we stopped trying."),
        _("Sign in to Jira once as {account} in a browser and solve it. Then test the sign-in here."),
        TEST,
    ),
    "login_expired": Entry(
        _("The Jira token ended on {ended}."),
        _("API tokens last a year at most. What waits for Jira starts by itself once there is a new one."),
        _("Make a new token at id.atlassian.com under Security."),
        setup(_("Replace the token"), "sign-in", "id_token"),
    ),
    "secret_unreadable": Entry(
        _("The saved token cannot be opened."),
        _("It was saved with another key, or for another address. Nothing was sent."),
        _("Enter it again."),
        TOKEN,
    ),
    "no_login": Entry(
        _("There is no sign-in for {site} yet."),
        _("Without one we cannot read its projects."),
        "",
        setup(_("Enter the sign-in"), "sign-in"),
        tone="info",
    ),
    "scope": Entry(
        _("Jira did not allow {account} to use this part of its API."),
        _("The grant lacks a scope. Trying again cannot change that."),
        _("Use an API token without scopes, or one with the scopes read:jira-work and write:jira-work."),
        TOKEN,
    ),
    "forbidden": Entry(
        _("{account} may not do this in Jira."),
        _("A permission is missing for this account."),
        _("Ask a Jira admin to grant it. Then test the sign-in again."),
        TEST,
    ),
    "not_found": Entry(
        _("{account} cannot see this in Jira."),
        _("It was deleted, or the account has no permission to see it; Jira gives the same answer to both."),
        _("Open it in Jira as {account}."),
        setup(_("Choose another project"), "project"),
    ),
    "project_gone": Entry(
        _("{account} cannot see the Jira project {jira_project}."),
        _("It was deleted or archived, or the account has no permission to see it."),
        _("Choose another project, or ask a Jira admin to let {account} in."),
        setup(_("Choose another project"), "project", "id_jira_project"),
    ),
    "unknown_project": Entry(
        _("There is no project {jira_project} at {site} that {account} can see."),
        _("The key is misspelt, or the account may not look into the project."),
        _("Choose one of the projects that it can see."),
        setup(_("Choose another project"), "project", "id_q"),
    ),
    "project_archived": Entry(
        _("{jira_project} is archived."),
        _("Jira accepts no changes in an archived project."),
        _("Choose another project, or ask a Jira admin to restore it."),
        setup(_("Choose another project"), "project", "id_jira_project"),
    ),
    "no_create_permission": Entry(
        _("{account} may not create issues in {jira_project}."),
        _("Jira's permission “Create issues” is missing for this account. Nothing was created."),
        _("Ask a Jira admin to grant it, or use another project."),
        setup(_("Check again"), "project", "permissions"),
    ),
    "no_projects": Entry(
        _("{account} cannot see any project."),
        _("The sign-in works, but no project at {site} is open to this account."),
        _("Ask a Jira admin to add {account} to the project."),
        TEST,
        tone="warning",
    ),
}
