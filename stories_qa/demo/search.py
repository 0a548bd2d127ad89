"""The demo's second epic: finding things."""

from __future__ import annotations

from stories_qa.demo.writing import epic, given

SEARCH = epic(
    2,
    "Search that forgives",
    """
    One search in nine finds nothing, and most of those are spelling. We move from `LIKE '%…%'` to a real index.

    1. Tolerate mistakes.
    2. Show results while typing.
    3. Let people narrow down without reloading.

    *Not now:* recommendations, pictures as a query.
    """,
    "ready",
    "search",
)

SEARCH.story(
    125,
    "Search finds products in spite of a typo",
    """
    As a shopper in a hurry I want `runing shose` to find **running shoes**, so that I do not have to correct myself.

    - one mistake in words of four to seven letters
    - two mistakes in longer words
    - none in article numbers: `A-1043` is not `A-1034`
    """,
    [
        given("the shop sells running shoes", "I search for “runing shose”", "they are the first result"),
        "An article number is matched exactly.",
        "“Did you mean running shoes?” is offered when the corrected words were searched.",
    ],
    priority="high",
    points="8",
    labels="search index",
    assignee="ana",
    status="in_progress",
)
SEARCH.test(
    9,
    "Two mistakes in a long word",
    "Index of the demo catalogue.",
    [("Search for `wattreproof jaket`", "Waterproof jackets are shown, with the corrected words above them")],
    "passed",
)
SEARCH.test(
    10,
    "Article numbers are not corrected",
    "Articles `A-1043` and `A-1034` exist.",
    [("Search for `A-1034`", "Only that article"), ("Search for `A-1099`", "Nothing is found, and nothing is guessed")],
    "failed",
)
SEARCH.story(
    126,
    "Suggestions appear while typing",
    """
    As a shopper I want to see suggestions after two letters, so that I find out how the shop calls things.

    Suggestions come in three groups: **categories**, **products**, **what others searched for**. At most ten lines.

    Keyboard, as in the [combobox pattern](https://www.w3.org/WAI/ARIA/apg/patterns/combobox/):

    - `↓` and `↑` move, `Enter` opens, `Esc` closes and keeps what was typed
    - the number of suggestions is announced
    """,
    [
        "The first suggestions are there within 150 ms on a slow phone connection.",
        "An answer that arrives late never replaces that of a later key stroke.",
        "Everything can be done with the keyboard, and is announced by a screen reader.",
    ],
    points="5",
    labels="search accessibility",
    assignee="tomas",
    status="ready",
)
SEARCH.test(
    11,
    "Late answers are dropped",
    "Answers to the first two letters are held back for two seconds.",
    [
        ("Type `so`, then at once `socks`", "Suggestions for *socks* appear"),
        ("Wait three seconds", "They are still those for *socks*"),
    ],
)
SEARCH.story(
    127,
    "Filters keep their place in the address",
    """
    As somebody who sends links to friends I want the address to carry my filters, so that they see what I see.

    `/shoes?size=42&size=43&colour=blue&sort=price`

    Unknown values are ignored, not an error: a link from last year must still open.
    """,
    [
        given("I chose two sizes and a colour", "I copy the address into another browser", "I see the same list"),
        "The back button takes back one filter at a time.",
        "Search engines see one canonical address for a category.",
    ],
    points="3",
    labels="search seo",
    assignee="tomas",
    status="in_review",
)
SEARCH.test(
    12,
    "A link from last year still opens",
    "",
    [("Open `/shoes?size=42&fit=oldvalue`", "Shoes in size 42; the unknown filter is not shown")],
    "passed",
)
SEARCH.story(
    128,
    "Sizes that are sold out can be left out of the results",
    """
    As a shopper with large feet I want to hide what is not there in my size, so that I do not fall in love with it.

    The switch **Only what is in stock** stands above the list. It is off at first; the choice is kept for the visit.
    """,
    [
        given("a shoe is sold out in 46", "I filter for 46 and switch “Only what is in stock” on", "it is not shown"),
        "Stock is at most five minutes old.",
        "The number of hidden products is told: “12 sold out, hidden”.",
    ],
    points="5",
    labels="search stock",
)
SEARCH.story(
    129,
    "Nothing found is not the end",
    """
    As a shopper whose search found nothing I want somewhere to go, so that I do not leave.

    The page offers, in this order:

    1. the corrected spelling, if there is one
    2. the same search without its rarest word
    3. the three categories that come closest
    """,
    [
        "The page answers with status 200 and is not indexed by search engines.",
        "What was searched for is shown as text: `<script>` stays visible and does nothing.",
        "Searches that found nothing are counted for the weekly list.",
    ],
    priority="low",
    points="3",
    labels="search",
    assignee="ana",
)
SEARCH.test(
    13,
    "A query with markup is shown as it was typed",
    "",
    [("Search for `<script>alert(1)</script>`", "The text stands on the page; no dialog opens")],
    "passed",
)
SEARCH.story(
    130,
    "Merchandisers pin products to the top of a search",
    """
    As a merchandiser I want to put up to **three** products at the top for a search term, so that the summer sale is
    seen.

    - pins have a beginning and an end
    - a pinned product that is sold out gives way by itself
    - pinned results are marked *“Recommended”*: the law asks for it
    """,
    [
        given("a pin for “sandals” that began today", "anybody searches for sandals", "it is the first result"),
        given("the pin's end has passed", "anybody searches for sandals", "the order is the usual one"),
        "Every pinned result carries the word “Recommended”.",
    ],
    points="5",
    labels="search back-office",
)
SEARCH.story(
    131,
    "Results load in a second on a slow phone",
    """
    As a commuter I want results before the next tunnel.

    Measured on a mid-range phone with *Slow 4G*, 75th percentile:

    | What | Today | Goal |
    | --- | ---: | ---: |
    | first result visible | 3.4 s | 1.0 s |
    | page weight | 2.1 MB | 400 kB |
    | requests | 84 | 20 |

    Pictures below the fold wait for the scroll; the first row is part of the HTML.
    """,
    [
        "The goals of the table are met in the weekly measurement.",
        "The list works without JavaScript, with pages instead of “Show more”.",
        "Nothing moves while pictures load.",
    ],
    priority="high",
    points="8",
    labels="search performance mobile",
    assignee="demo",
    status="ready",
)
SEARCH.test(
    14,
    "Search without JavaScript",
    "JavaScript is switched off in the browser.",
    [
        ("Search for *socks*", "Results and a link to page 2"),
        ("Go to page 2", "The next results; the search field still says *socks*"),
    ],
)
SEARCH.story(
    132,
    "Weekly list of searches that found nothing",
    """
    As a buyer for the shop I want a list of what people look for in vain, so that I know what to order.

    The list comes on Monday at 7:00 as CSV: `term,searches,visitors,nearest_category`. Terms that fewer than five
    visitors used are left out, so that nobody can be recognised by their query.
    """,
    [
        "Terms of fewer than five visitors are not in the list.",
        "A cell that begins with `=` is written so that a spreadsheet does not run it.",
    ],
    priority="low",
    points="2",
    labels="search reporting privacy",
    status="done",
    assignee="ana",
)
