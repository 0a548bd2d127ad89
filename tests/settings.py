"""The site's settings in the test profile: what production demands is made up here, before config.settings reads it."""

from __future__ import annotations

import os
import tempfile

from cryptography.fernet import Fernet

os.environ["SQ_PROFILE"] = "test"
os.environ.setdefault("DJANGO_SECRET_KEY", "test-secret-key-that-is-long-enough-for-the-checks")
os.environ.setdefault("FIELD_ENCRYPTION_KEY", Fernet.generate_key().decode())
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="stories-qa-test-"))

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
