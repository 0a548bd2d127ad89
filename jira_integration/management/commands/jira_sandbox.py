"""`manage.py jira_sandbox`: the rehearsal Jira on a port of its own."""

from __future__ import annotations

import ipaddress
import os
import ssl
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = "Serve a Jira to rehearse on: the REST API that exports use, and a board to look at the result."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)
        parser.add_argument("--flavour", choices=["cloud", "datacenter"], default="cloud")
        parser.add_argument("--dc-version", choices=["8.20", "9.12", "10.3"], default="9.12")
        parser.add_argument("--context", default="", help="The path under which Data Center lives, such as /jira.")
        parser.add_argument("--data", type=Path, help="Keep the state in this file; without it, it is gone at the end.")
        parser.add_argument("--latency-ms", type=int, default=0, help="Wait this long before every answer.")
        parser.add_argument(
            "--faults", type=Path, help="A JSON file of faults; docs/sandbox.md tells what it may hold."
        )
        parser.add_argument("--tls-cert", default="", help="A PEM file with the certificate and its chain.")
        parser.add_argument("--tls-key", default="", help="A PEM file with its key.")
        parser.add_argument(
            "--sabotage", action="append", default=[], metavar="NAME", help="Break one thing; may be repeated."
        )
        parser.add_argument("--webhook-url", default="", help="Register a webhook for every event at this address.")
        parser.add_argument("--webhook-secret-env", default="", help="The environment variable with its secret.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from jira_integration.sandbox.app import create_app
            from jira_integration.sandbox.server import make_server
            from jira_integration.sandbox.settings import Flavour, SandboxSettings
        except ModuleNotFoundError as missing:
            raise CommandError(
                _("The sandbox needs %(name)s. Install the extra: pip install 'stories-qa-for-jira[sandbox]'")
                % {"name": missing.name}
            ) from missing
        host, secure = options["host"], bool(options["tls_cert"] and options["tls_key"])
        if bool(options["tls_cert"]) != bool(options["tls_key"]):
            raise CommandError(_("--tls-cert and --tls-key belong together."))
        if not secure and not _is_loopback(host):
            raise CommandError(
                _("Anybody who reaches the sandbox can change it. Without TLS it listens on this machine only.")
            )
        variable = options["webhook_secret_env"]
        if variable and variable not in os.environ:
            raise CommandError(_("The environment variable %(name)s is not set.") % {"name": variable})
        if options["webhook_url"] and not options["webhook_url"].startswith(("http://", "https://")):
            raise CommandError(
                _("--webhook-url must be a whole address, such as http://127.0.0.1:8000/jira/webhooks/1/.")
            )
        settings = SandboxSettings(
            data_file=options["data"],
            flavour=Flavour(options["flavour"]),
            dc_version=options["dc_version"],
            context=options["context"].rstrip("/"),
            user=os.environ.get("JIRA_SANDBOX_USER", SandboxSettings.user),
            password=os.environ.get("JIRA_SANDBOX_PASSWORD", "sandbox-password"),
            token=os.environ.get("JIRA_SANDBOX_TOKEN", "sandbox-token"),
            latency_ms=options["latency_ms"],
            faults_file=options["faults"],
            web_hosts=SandboxSettings.web_hosts if _is_loopback(host) else (),
            webhook_url=options["webhook_url"],
            webhook_secret=os.environ.get(variable, "") if variable else "",
        )
        try:
            app = create_app(settings, options["sabotage"])
        except (OSError, ValueError) as trouble:
            raise CommandError(str(trouble)) from trouble
        if secure:
            _check_certificate(options["tls_cert"], options["tls_key"])
        server = make_server(
            app, host=host, port=options["port"], tls_cert=options["tls_cert"], tls_key=options["tls_key"]
        )
        scheme = "https" if secure else "http"
        self.stdout.write(
            _("Sandbox Jira: %(url)s") % {"url": f"{scheme}://{host}:{options['port']}{settings.context}/"}
        )
        made = app.state.jira.settings
        self.stdout.write(
            _("Login for the API: %(user)s with the token %(token)s") % {"user": made.user, "token": made.token}
        )
        if made.flavour is Flavour.DATACENTER:
            self.stdout.write(_("or with the password %(password)s") % {"password": made.password})
        self.stdout.flush()
        with suppress(KeyboardInterrupt):  # Ctrl-C is the way to end it, no traceback
            server.run()
        if not server.started:
            raise CommandError(_("The sandbox could not start on port %(port)s.") % {"port": options["port"]})


def _check_certificate(cert: str, key: str) -> None:
    """Raises CommandError naming the files that no server could be started with."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except OSError as trouble:  # ssl.SSLError is one
        raise CommandError(
            _("%(cert)s and %(key)s are not a certificate and its key: %(trouble)s")
            % {"cert": cert, "key": key, "trouble": trouble}
        ) from trouble


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
