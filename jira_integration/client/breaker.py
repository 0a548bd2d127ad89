"""The circuit breaker of one connection, for the desk in memory. `token_bucket` has the same rules in Lua.

A refused login opens it until the login is replaced: each further try brings a CAPTCHA nearer. Five failures in a row
open it for a while; then one request goes as a probe, and its end decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from jira_integration.client.desk import Outcome, Rules, Verdict, Word


@dataclass
class Breaker:
    """Times in seconds of the desk's clock."""

    refused: str = ""  # an ErrorCode
    fails: int = 0
    opened: int = 0  # times in a row
    until: float | None = None  # None: closed
    probe: str = ""
    probe_until: float = 0.0

    def verdict(self, token: str, now: float) -> Verdict:
        """GO, DOWN or LOGIN; changes nothing."""
        if self.refused:
            return Verdict(Word.LOGIN, reason=self.refused)
        if self.until is not None:
            if self.until > now:
                return Verdict(Word.DOWN, self.until - now)
            if self.probe_until > now and self.probe != token:
                return Verdict(Word.DOWN, self.probe_until - now)
        return Verdict(Word.GO)

    def begin_probe(self, token: str, until: float) -> None:
        """The one request that goes while the breaker is half open."""
        if self.until is not None:
            self.probe, self.probe_until = token, until

    def end_probe(self, token: str) -> None:
        if self.probe == token:
            self.probe, self.probe_until = "", 0.0

    def told(self, outcome: Outcome, reason: str, now: float, rules: Rules, *, trying_login: bool) -> None:
        match outcome:
            case Outcome.GOOD | Outcome.LIMITED:
                self.fails = self.opened = 0
                self.until, self.probe, self.probe_until = None, "", 0.0
                if outcome is Outcome.GOOD and trying_login:
                    self.refused = ""
            case Outcome.REFUSED:
                self.refused = reason
            case Outcome.DOWN:
                self.fails += 1
                half_open = self.until is not None and self.until <= now
                if half_open or (self.until is None and self.fails >= rules.failures_to_open):
                    self.opened += 1
                    self.until = now + min(rules.longest_open, rules.first_open * 2 ** min(self.opened - 1, 20))
                    self.probe, self.probe_until = "", 0.0
