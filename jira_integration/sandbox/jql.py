"""JQL's grammar: text to clauses. What the names mean is jql_sql.py's."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>!=|!~|<=|>=|=|~|<|>|\(|\)|,)
      | (?P<word>(?:\[[^\]]*\]|[^\s"'=!<>~(),])+)
    )""",
    re.VERBOSE,
)
_NESTING = 50
_RESERVED = {"and", "or", "not", "in", "is", "order", "by", "empty", "null", "asc", "desc", "was", "changed"}


class JqlError(Exception):
    """A query Jira answers with 400."""

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = list(messages)


@dataclass(frozen=True)
class Token:
    text: str
    kind: str  # quoted, operator, word
    at: int  # character, from 1

    def is_(self, *words: str) -> bool:
        return self.kind != "quoted" and self.text.lower() in words


@dataclass(frozen=True)
class Value:
    """A literal; `quoted` ones are never keywords."""

    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Function:
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Clause:
    """`operator` is one of = != ~ !~ < <= > >= in, not in, is, is not."""

    field: str
    operator: str
    values: tuple[Value | Function, ...]


@dataclass(frozen=True)
class Compound:
    """and, or, not over its parts."""

    operator: str
    parts: tuple[Node, ...]


Node = Clause | Compound


@dataclass(frozen=True)
class Query:
    where: Node | None
    order: tuple[tuple[str, bool], ...]  # field, descending


def parse(text: str) -> Query:
    """The query of a JQL text. Raises JqlError as Jira's parser would."""
    return _Parser(text).query()


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text) and text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            start = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            raise JqlError(f"Error in the JQL Query: The character '{text[start - 1]}' at {start} is not understood.")
        kind = match.lastgroup or ""
        raw = match.group(kind)
        if kind == "quoted":
            raw = re.sub(r"\\(.)", r"\1", raw[1:-1])
        found.append(Token(raw, kind, match.start(kind) + 1))
        at = match.end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0

    def peek(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def next_is(self, *words: str) -> bool:
        token = self.peek()
        return token is not None and token.is_(*words)

    def take(self, *words: str) -> Token:
        token = self.peek()
        if token is None:
            raise JqlError("Error in the JQL Query: the query ends too early.")
        if words and not token.is_(*words):
            raise JqlError(
                f"Error in the JQL Query: Expecting {' or '.join(words)} but got '{token.text}'. "
                f"(line 1, character {token.at})"
            )
        self.place += 1
        return token

    def query(self) -> Query:
        where = None if self.peek() is None or self.next_is("order") else self.any_of()
        order: list[tuple[str, bool]] = []
        if self.next_is("order"):
            self.take()
            self.take("by")
            while True:
                field = self.take().text
                descending = self.next_is("desc")
                if self.next_is("asc", "desc"):
                    self.take()
                order.append((field, descending))
                if not self.next_is(","):
                    break
                self.take()
        if (left := self.peek()) is not None:
            raise JqlError(
                f"Error in the JQL Query: Expecting operator but got '{left.text}'. (line 1, character {left.at})"
            )
        return Query(where, tuple(order))

    def any_of(self) -> Node:
        parts = [self.all_of()]
        while self.next_is("or", "||"):
            self.take()
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Compound("or", tuple(parts))

    def all_of(self) -> Node:
        parts = [self.one()]
        while self.next_is("and", "&&"):
            self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Compound("and", tuple(parts))

    def one(self) -> Node:
        if not self.next_is("not", "("):
            return self.clause()
        self.depth += 1
        if self.depth > _NESTING:
            raise JqlError("Error in the JQL Query: the parentheses are nested too deeply.")
        if self.take().text == "(":
            inside = self.any_of()
            self.take(")")
        else:
            inside = Compound("not", (self.one(),))
        self.depth -= 1
        return inside

    def clause(self) -> Clause:
        field = self.take()
        if field.is_(*_RESERVED) or field.kind == "operator":
            raise JqlError(
                f"Error in the JQL Query: Expecting a field name but got '{field.text}'. (line 1, character {field.at})"
            )
        operator = self.take(
            "=", "!=", "~", "!~", "<", "<=", ">", ">=", "in", "not", "is", "was", "changed"
        ).text.lower()
        if operator in {"was", "changed"}:
            raise JqlError(f"The operator '{operator}' is not supported by the rehearsal Jira.")
        if operator == "not":
            self.take("in")
            operator = "not in"
        if operator == "is" and self.next_is("not"):
            self.take()
            operator = "is not"
        if operator in {"in", "not in"} and self.next_is("("):
            self.take("(")
            values = [self.value()]
            while self.next_is(","):
                self.take()
                values.append(self.value())
            self.take(")")
            return Clause(field.text, operator, tuple(values))
        return Clause(field.text, operator, (self.value(),))

    def value(self) -> Value | Function:
        token = self.take()
        if token.kind == "operator":
            raise JqlError(
                f"Error in the JQL Query: Expecting a value but got '{token.text}'. (line 1, character {token.at})"
            )
        if token.kind == "word" and self.next_is("("):
            self.take("(")
            arguments = []
            while not self.next_is(")"):
                arguments.append(self.take().text)
                if self.next_is(","):
                    self.take()
            self.take(")")
            return Function(token.text.lower(), tuple(arguments))
        return Value(token.text, token.kind == "quoted")
