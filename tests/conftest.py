"""What every test stands on: the test profile of the settings, made before Django reads them."""

from __future__ import annotations

import os
import tempfile

from cryptography.fernet import Fernet

os.environ["SQ_PROFILE"] = "test"
os.environ.setdefault("DJANGO_SECRET_KEY", "test-secret-key-that-is-long-enough-for-the-checks")
os.environ.setdefault("FIELD_ENCRYPTION_KEY", Fernet.generate_key().decode())
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="stories-qa-test-"))
