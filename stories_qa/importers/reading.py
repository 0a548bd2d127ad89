"""The importers' door: bytes to text, which format it is, and what is not a backlog at all."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable
from pathlib import Path, PurePath

from django.conf import settings
from django.utils.translation import gettext as _

from stories_qa.importers import csv_, gherkin_, json_, markdown, text
from stories_qa.importers.parsed import BacklogUnreadable, ParsedBacklog

FORMATS = ("auto", "text", "csv", "markdown", "json", "gherkin")
MAX_BYTES = 20 * 1024 * 1024
READERS: dict[str, Callable[[str, str], ParsedBacklog]] = {
    "text": text.read_text,
    "csv": csv_.read_csv,
    "markdown": markdown.read_markdown,
    "json": json_.read_json,
    "gherkin": gherkin_.read_gherkin,
}
SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".csv": "csv",
    ".tsv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".feature": "gherkin",
}
MARKS = [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]


def read(source: Path | bytes, name: str = "", format: str = "auto") -> ParsedBacklog:
    """Read one file. `source` is its path or its bytes; `name` is what it is called (the path's name by default): it
    is part of the items' identity and decides the format when `format` is "auto".

    Raises BacklogUnreadable, and nothing else, when the file as a whole is no backlog.
    """
    if format not in FORMATS:
        raise BacklogUnreadable(
            _("“%(format)s” is not a format. Choose one of %(formats)s.")
            % {"format": format, "formats": ", ".join(FORMATS)},
            "unknown_format",
        )
    data = source if isinstance(source, bytes) else _bytes_of(source)
    name = PurePath(name or ("" if isinstance(source, bytes) else source.name)).name or _("file")
    limit = int(getattr(settings, "BACKLOG_MAX_BYTES", MAX_BYTES))
    if len(data) > limit:
        raise too_large(len(data), limit)
    decoded = decode(data)
    if not decoded.strip("\ufeff \t\r\n"):
        raise BacklogUnreadable(_("The file is empty. Save it with its content and bring it in again."), "empty")
    kind = guess_format(name, decoded) if format == "auto" else format
    return READERS[kind](decoded, name)


def too_large(size: int, limit: int) -> BacklogUnreadable:
    """The refusal of a file of `size` bytes; also said before it is read into memory."""
    return BacklogUnreadable(
        _("The file has %(size)s MB; up to %(limit)s MB come in at once. Split it and bring in the parts one by one.")
        % {"size": f"{math.ceil(size / 104_857.6) / 10:g}", "limit": f"{limit / 1_048_576:g}"},
        "too_large",
    )


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise BacklogUnreadable(_("This is a folder. Name the files in it."), "folder")
    limit = int(getattr(settings, "BACKLOG_MAX_BYTES", MAX_BYTES))
    try:
        size = path.stat().st_size
        if size > limit:
            raise too_large(size, limit)
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise BacklogUnreadable(_("There is no such file. Check the path."), "not_found") from missing
    except (OSError, ValueError) as refused:  # ValueError: a path with a NUL in it
        reason = getattr(refused, "strerror", None) or str(refused)
        raise BacklogUnreadable(
            _("The file cannot be read: %(reason)s.") % {"reason": reason}, "no_access"
        ) from refused


def decode(data: bytes) -> str:
    """UTF-8 with or without a byte order mark, or UTF-16 with one."""
    _refuse_other_kinds(data)
    mark, encoding = next(((mark, encoding) for mark, encoding in MARKS if data.startswith(mark)), (b"", "utf-8"))
    data, offset = data[len(mark) :], len(mark)
    try:
        decoded = data.decode(encoding)
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise BacklogUnreadable(
            _(
                "The file is not UTF-8: byte %(byte)s at position %(position)s (line %(line)s) does not belong there. "
                "Open it in an editor, save it as UTF-8 and bring it in again."
            )
            % {"byte": f"0x{data[wrong.start]:02X}", "position": f"{wrong.start + offset:,}", "line": f"{line:,}"},
            "not_utf8",
            line,
        ) from wrong
    if "\x00" in decoded:
        position = decoded.index("\x00")
        raise BacklogUnreadable(
            _(
                "The file is not text: it has a zero byte at position %(position)s. "
                "Bring in text, CSV, Markdown, JSON or .feature files."
            )
            % {"position": f"{position:,}"},
            "binary",
        )
    return decoded


def _refuse_other_kinds(data: bytes) -> None:
    """Well-known files are recognised by their first bytes, whatever they are called."""
    kinds = [
        (
            (b"PK\x03\x04", b"PK\x05\x06"),
            "zip",
            _(
                "This is a zip archive or an Office file (.xlsx, .docx). Unpack an archive and bring in the files; "
                "save a sheet as “CSV UTF-8”."
            ),
        ),
        (
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
            "old_office",
            _("This is an old Office file (.xls, .doc). Save it as “CSV UTF-8” or as text."),
        ),
        (
            (b"%PDF-",),
            "pdf",
            _("This is a PDF. Copy its text into a text or Markdown file, or export the source as CSV."),
        ),
        (
            (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"),
            "archive",
            _("This is a packed archive. Unpack it and bring in the files."),
        ),
        (
            (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8"),
            "image",
            _("This is an image. Bring in text, CSV, Markdown, JSON or .feature files."),
        ),
    ]
    for starts, code, reason in kinds:
        if data.startswith(starts):
            raise BacklogUnreadable(reason, code)


def guess_format(name: str, decoded: str) -> str:
    """By the name's ending; failing that, by what the text looks like. A story a line is what is left."""
    suffix = PurePath(name).suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    start = decoded.lstrip("\ufeff \t\r\n")
    if start[:1] in {"{", "["}:
        try:
            json.loads(start)
        except (ValueError, RecursionError):
            pass
        else:
            return "json"
    if re.match(r"(?:\s*(?:#|@).*\n)*\s*Feature\s*:", start):
        return "gherkin"
    if csv_.looks_like_csv(start):
        return "csv"
    if re.search(r"^#{1,6} +\S", start, re.MULTILINE):
        return "markdown"
    return "text"
