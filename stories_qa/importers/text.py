"""A story a line. Nothing is lost: every line that is not blank is a story, two equal lines are two."""

from __future__ import annotations

from django.utils.translation import gettext as _

from stories_qa.importers.parsed import BacklogUnreadable, Identities, ParsedBacklog, ParsedStory, lines_of
from stories_qa.importers.words import cut_title, one_line


def read_text(text: str, name: str) -> ParsedBacklog:
    """A line longer than a title holds is cut at a word there; the description then has all of it."""
    ids = Identities(name)
    stories = []
    for number, raw in enumerate(lines_of(text), 1):
        line = one_line(raw)
        if not line:
            continue
        title, cut = cut_title(line)
        stories.append(
            ParsedStory(
                external_id=ids.of("story", line),
                line=number,
                title=title,
                description=line if cut else None,
            )
        )
    if not stories:
        raise BacklogUnreadable(_("The file has only blank lines. Write one story on each line."), "empty")
    return ParsedBacklog(file=name, format="text", stories=tuple(stories))
