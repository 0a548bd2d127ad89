"""Accounts for people who have none: an admin of a project invites, the person chooses a password by a link."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from stories_qa.models import Membership, Project, Role


class HasAccount(Exception):
    """Somebody has an account under this e-mail already: add them, do not invite them."""


@dataclass(frozen=True)
class Invitation:
    """`link` is good for settings.PASSWORD_RESET_TIMEOUT seconds and for one use. `mailed` is False where the site
    sends no e-mail: then whoever invites hands the link over."""

    user: User
    link: str
    mailed: bool


def invite(project: Project, *, name: str, email: str, role: str, by: str, base: str) -> Invitation:
    """Make an account without a password and a membership, and send the link to choose one. `base` is the site's
    origin. Raises HasAccount."""
    with transaction.atomic():
        if User.objects.filter(email__iexact=email).exists() or User.objects.filter(username__iexact=email).exists():
            raise HasAccount(email)
        first, _space, last = name.partition(" ")
        user = User.objects.create_user(username=email, email=email, first_name=first[:150], last_name=last[:150])
        Membership.objects.create(project=project, user=user, role=Role(role))
    return send_link(user, project, by=by, base=base)


def send_link(user: User, project: Project, *, by: str, base: str) -> Invitation:
    """A fresh link for somebody who was invited and never signed in."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    link = base + reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(user)])
    if not settings.SENDS_MAIL:
        return Invitation(user, link, mailed=False)
    values = {"name": user.get_full_name(), "by": by, "project": project.name, "link": link}
    text = render_to_string("stories_qa/mail/invitation.txt", values)
    subject = _("%(by)s invited you to %(project)s") % {"by": by, "project": project.name}
    send_mail(" ".join(subject.split()), text, None, [user.email])
    return Invitation(user, link, mailed=True)


def is_invited(user: User) -> bool:
    """Whether this person still has to choose a first password."""
    return user.is_active and user.last_login is None and not user.has_usable_password()
