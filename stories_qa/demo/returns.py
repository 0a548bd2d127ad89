"""The demo's third epic: sending things back."""

from __future__ import annotations

from stories_qa.demo.writing import epic, given

RETURNS = epic(
    3,
    "Returns without a phone call",
    """
    Every third call to support is about a return. Customers should be able to start, follow and finish one **by
    themselves**; support should see the same page as they do.

    The warehouse keeps its own system. We talk to it over its [returns API](https://example.com/docs/returns) and
    do not wait for it.
    """,
    "backlog",
    "returns support",
)

RETURNS.story(
    133,
    "Customer starts a return from the order history",
    """
    As a customer I want to choose what I send back and why, so that I need not write a mail.

    1. Choose items and quantities.
    2. Choose a reason (one click each; a comment is optional).
    3. Choose: money back, or another size.

    Guests reach the same page with order number and e-mail address.
    """,
    [
        given("an order that arrived 10 days ago", "I open it", "“Return items” is offered"),
        given("an order that arrived 31 days ago", "I open it", "I read until when returns were possible"),
        "Quantities cannot exceed what was delivered, less what was returned already.",
        "A return can be taken back until the label is printed.",
    ],
    priority="high",
    points="8",
    labels="returns account",
    assignee="demo",
    status="in_progress",
)
RETURNS.test(
    15,
    "Return two of three",
    "An order of three T-shirts, delivered 5 days ago.",
    [
        ("Open the order and choose **Return items**", "Three T-shirts can be chosen"),
        ("Choose two, reason *too small*, money back", "A summary with the amount of two T-shirts"),
        ("Confirm", "The return has a number; the order says “2 of 3 being returned”"),
        ("Start a second return", "Only one T-shirt can be chosen"),
    ],
    "passed",
)
RETURNS.test(
    16,
    "Day 30 and day 31",
    "Two orders, delivered 30 and 31 days ago.",
    [
        ("Open the first", "A return is offered, “today is the last day”"),
        ("Open the second", "No return is offered; the last day is named"),
    ],
)
RETURNS.story(
    134,
    "Return label as PDF and as a code for the parcel shop",
    """
    As a customer without a printer I want a code for my phone, so that the parcel shop prints the label.

    The carrier gives us both from one call:

    ```http
    POST /labels
    Content-Type: application/json

    {"return": "R-20431", "formats": ["pdf", "qr"]}
    ```

    Labels are made once and kept; asking again must not cost a second label.
    """,
    [
        "PDF and code lead to the same parcel number.",
        given("the carrier does not answer", "I ask for a label", "I am told it will come by mail within an hour"),
        "A second request shows the first label.",
    ],
    points="5",
    labels="returns shipping",
    assignee="tomas",
    status="ready",
)
RETURNS.test(
    17,
    "Carrier is down",
    "The carrier's test system is switched off.",
    [
        ("Ask for a label", "A sentence says that it will come by mail within the hour"),
        ("Switch the carrier on and wait for the next attempt", "The mail arrives with PDF and code"),
    ],
    "blocked",
)
RETURNS.story(
    135,
    "Customer sees where the return is",
    """
    As a customer I want to see how far my return got, so that I do not have to ask.

    States: *announced* → *on its way* → *in the warehouse* → *checked* → *refunded*. Each has a date. The page says
    what comes next and **when at the latest**.
    """,
    [
        "Each change of state reaches the page within five minutes.",
        "A mail is sent for “in the warehouse” and “refunded”, and for nothing else.",
        given("a return has been on its way for 14 days", "I open it", "I can ask support to look for it"),
    ],
    points="5",
    labels="returns account",
)
RETURNS.story(
    136,
    "Refund goes out the day the parcel is checked",
    """
    As a customer I want my money back *the same day*, so that I trust the shop the next time.

    - to the way of payment that was used; gift cards get their balance back
    - partly returned orders: voucher discounts are shared out by value, rounded so that the sums agree

    Example: 30.00 and 20.00 paid with 10.00 off. Returning the second item refunds `20.00 − 4.00 = 16.00`.
    """,
    [
        given("a checked return before 16:00", "the day ends", "the refund was sent to the bank"),
        "Refunds of all partial returns of an order add up to what was paid, to the cent.",
        "A refund the bank refuses appears in support's list within the hour.",
    ],
    priority="urgent",
    points="8",
    labels="returns payment",
    assignee="ana",
    status="in_progress",
)
RETURNS.test(
    18,
    "Shares of a voucher add up",
    "An order of 30.00, 20.00 and 9.99 with 10.00 off.",
    [
        ("Return the items one by one", "Three refunds"),
        ("Add them up", "49.99, exactly what was paid"),
    ],
    "failed",
)
RETURNS.story(
    137,
    "Exchange reserves the other size at once",
    """
    As a customer who wants another size I want it kept for me, so that it is not gone when my parcel arrives.

    The reservation lasts **14 days**. If the parcel is not there by then it is released, and the return becomes
    “money back”.
    """,
    [
        given("one pair is left in 43", "I exchange 42 for 43", "the shop shows 43 as sold out to others"),
        given("14 days passed without a parcel", "the night job runs", "the pair can be bought again\nI get a mail"),
    ],
    points="5",
    labels="returns stock",
)
RETURNS.test(
    19,
    "Reservation ends after 14 days",
    "An exchange announced 14 days ago, parcel not scanned.",
    [
        ("Run the night job", "The stock of that size rises by one"),
        ("Open the return as the customer", "It now says “money back”"),
    ],
)
RETURNS.story(
    138,
    "Support answers from the customer's own page",
    """
    As a support agent I want to see what the caller sees, so that we talk about the same thing.

    Agents open a return by number, e-mail address or phone number. They see the customer's page with a bar on top:
    **state in the warehouse**, *notes of colleagues*, and three actions (extend the period, send a new label, refund
    now).
    """,
    [
        "Each action asks for a reason and is written to the history with the agent's name.",
        "“Refund now” needs a second person above 200 €.",
        "Agents never see the number of a card.",
    ],
    points="5",
    labels="support back-office",
    assignee="tomas",
)
RETURNS.test(
    20,
    "Two persons for large refunds",
    "A return of 250.00; agents Ari and Bo are signed in.",
    [
        ("As Ari, choose **Refund now** with a reason", "It waits for a second person; nothing is paid"),
        ("As Ari, try to confirm it", "Only somebody else may"),
        ("As Bo, confirm it", "The refund is sent; the history names both"),
    ],
    "passed",
)
RETURNS.story(
    139,
    "Reasons for returns reach the buyers",
    """
    As a buyer I want to know which shoes come back as *too small*, so that the product page can say “order one size
    up”.

    A product with **at least 30 sales and 15 % returns for size** gets a hint on its page. Buyers can switch the hint
    off, with a note why.
    """,
    [
        given("40 sales, 8 of them returned as too small", "the nightly count ran", "the page advises a larger size"),
        "Comments of customers are shown to buyers without names or addresses.",
        "A hint that was switched off stays off until the buyer switches it on.",
    ],
    priority="low",
    points="",
    labels="returns reporting",
)
RETURNS.story(
    140,
    "Right-to-left names on return labels",
    """
    As a customer whose name is written from right to left I want it printed correctly, so that the parcel finds its
    way back.

    Names to try: `דנה לוי`, `محمد علي`, and a mixture such as `Dana דנה`. Numbers keep their order.
    """,
    [
        "Name and house number are printed in the right order on the PDF, also when both directions meet in a line.",
        "The carrier's system receives the characters unchanged.",
    ],
    points="2",
    labels="returns i18n",
    assignee="ana",
    status="done",
)
