"""The site's settings in the test profile: what production demands is made up here, before config.settings reads it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from cryptography.fernet import Fernet

os.environ["SQ_PROFILE"] = "test"
os.environ.setdefault("DJANGO_SECRET_KEY", "test-secret-key-that-is-long-enough-for-the-checks")
os.environ.setdefault("FIELD_ENCRYPTION_KEY", Fernet.generate_key().decode())
if "DATA_DIR" not in os.environ:
    # xdist's workers inherit the folder from the process that made it, and that process takes it away.
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="stories-qa-test-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
