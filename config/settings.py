"""One settings module, driven by the environment.

`SQ_PROFILE` is "production" (the default), "local" (`make run`) or "test". Production refuses to start with a
missing or local secret; docs/settings.md lists every variable.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
PROFILE = os.environ.get("SQ_PROFILE", "production")
LOCAL = PROFILE == "local"
TEST = PROFILE == "test"
if PROFILE not in {"production", "local", "test"}:
    raise ImproperlyConfigured(f"SQ_PROFILE is {PROFILE!r}; it must be production, local or test.")


def required(name: str, example: str) -> str:
    """A variable without which the site must not start, with a value to show what it looks like."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set {name}, for example {example}. See docs/settings.md.")
    return value


def listed(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var")).resolve()
DEBUG = False  # in every profile: errors have pages and logs, and a debug page would show what is secret
if PROFILE == "production" and os.environ.get("DEBUG", "0").lower() not in {"", "0", "false", "no", "off"}:
    raise ImproperlyConfigured("DEBUG is set in production. There is no debug mode here: take the variable away.")
SECRET_KEY = required("DJANGO_SECRET_KEY", "a line from `openssl rand -base64 48`")
FIELD_ENCRYPTION_KEY = listed("FIELD_ENCRYPTION_KEY")
if not FIELD_ENCRYPTION_KEY:
    required("FIELD_ENCRYPTION_KEY", "32 random bytes in base64, see docs/settings.md")
if PROFILE == "production" and SECRET_KEY.startswith("local-"):
    raise ImproperlyConfigured("DJANGO_SECRET_KEY is the one `make run` made. Make one for production.")
ALLOWED_HOSTS = listed("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if LOCAL or TEST else "")
if PROFILE == "production" and not ALLOWED_HOSTS:
    required("ALLOWED_HOSTS", "stories.example.com")
CSRF_TRUSTED_ORIGINS = listed("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "csp",
    "axes",
    "channels",
    "encrypted_model_fields",
    "stories_qa",
    "jira_integration",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "stories_qa.middleware.HtmxLoginMiddleware",
    "stories_qa.middleware.TimeZoneMiddleware",
    "stories_qa.middleware.ReaderMiddleware",
    "stories_qa.middleware.ZeroByteMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "stories_qa.context_processors.workspace",
            ],
        },
    }
]

if PROFILE == "production":
    required("DATABASE_URL", "postgres://user:password@db/stories")
    required("REDIS_URL", "redis://:password@redis:6379/0")
DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'db.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets pages read while a worker writes; IMMEDIATE takes the write lock at the start, so that two
    # writers wait for each other instead of one failing at its first write.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    if TEST:
        # A file, not memory: worker threads and the live server open connections of their own.
        DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASES["default"]["OPTIONS"] = {**DATABASES["default"].get("OPTIONS", {})}
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    # Commands such as `jira_export --wait` work without Redis; nothing live is told then.
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
JIRA_POLL_SECONDS = int(os.environ.get("JIRA_POLL_SECONDS", "120"))
JIRA_SWEEP_SECONDS = int(os.environ.get("JIRA_SWEEP_SECONDS", "3600"))
CELERY_BEAT_SCHEDULE = {
    "jira-poll": {"task": "jira_integration.tasks.poll_connections", "schedule": JIRA_POLL_SECONDS},
    "jira-sweep": {"task": "jira_integration.tasks.sweep_connections", "schedule": JIRA_SWEEP_SECONDS},
    "jira-send-changes": {"task": "jira_integration.tasks.send_changes", "schedule": 30},
    "jira-sweep-runs": {"task": "jira_integration.tasks.sweep_runs", "schedule": 15},
    "jira-sweep-comments": {"task": "jira_integration.comments.tasks.sweep_comments", "schedule": 60},
    "jira-sweep-webhooks": {"task": "jira_integration.tasks.sweep_webhooks", "schedule": 60},
    "jira-count-days": {"task": "jira_integration.upkeep.count_days", "schedule": 3600},
    "jira-remove-old": {"task": "jira_integration.upkeep.remove_old", "schedule": 3600},
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Guessing passwords: ten wrong ones for a name from one address, and that pair waits a quarter of an hour.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "stories_qa.views.site.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# Without a mail server, links to choose a password are shown to whoever invites, and nothing else is mailed.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "1") == "1"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "stories@localhost")
SENDS_MAIL = bool(EMAIL_HOST) or TEST

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
# Local and test serve the files where they lie (WHITENOISE_USE_FINDERS); nothing is collected there.
STATIC_ROOT = None if LOCAL or TEST else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = LOCAL or TEST
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL or TEST
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "uploads"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # bytes; a webhook larger than JIRA_WEBHOOK_MAX_BYTES is refused anyway
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a preview of stories that were ticked one by one names each of them

# `make run` may stand beside another Django on the same host: cookies know no ports, so they get names of their own.
SESSION_COOKIE_NAME = "stories_qa_session"
CSRF_COOKIE_NAME = "stories_qa_csrf"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PROFILE == "production":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = os.environ.get("SECURE_SSL_REDIRECT", "1") == "1"
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    if os.environ.get("TRUST_FORWARDED_PROTO") == "1":
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}

# The plug-in's own settings; jira_integration/conf.py holds the defaults, docs/settings.md explains them.
JIRA_STORY_SOURCE = "stories_qa.jira_source.StoriesQaSource"
JIRA_ALLOW_LOOPBACK_HTTP = LOCAL or TEST
JIRA_ALLOWED_HOSTS = listed("JIRA_ALLOWED_HOSTS")
JIRA_PUBLIC_URL = os.environ.get("JIRA_PUBLIC_URL", "")
JIRA_PROXY = os.environ.get("JIRA_PROXY", "")
JIRA_AUTH_BASE_URL = os.environ.get("JIRA_AUTH_BASE_URL", "https://auth.atlassian.com")
JIRA_GATEWAY_BASE_URL = os.environ.get("JIRA_GATEWAY_BASE_URL", "https://api.atlassian.com")
JIRA_OAUTH_CLIENT_ID = os.environ.get("JIRA_OAUTH_CLIENT_ID", "")
JIRA_OAUTH_CLIENT_SECRET = os.environ.get("JIRA_OAUTH_CLIENT_SECRET", "")
SANDBOX_URL = os.environ.get("SANDBOX_URL", "") if LOCAL else ""
