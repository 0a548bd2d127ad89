"""The demo's first epic: paying."""

from __future__ import annotations

from stories_qa.demo.writing import epic, given

CHECKOUT = epic(
    1,
    "Guest checkout",
    """
    Four in ten baskets are left at the point where we ask for an account. **People should be able to buy first and
    register later, or never.**

    What we want to see three months after release:

    - fewer than 25 % of baskets left on the address step (today 41 %)
    - no more support mails about "forgotten passwords" during checkout
    - the same fraud rate as now

    Out of scope: wallets other than the two we already have a contract with.
    """,
    "in_progress",
    "checkout revenue",
)

CHECKOUT.story(
    142,
    "Guest can pay without creating an account",
    """
    As a **first-time visitor** I want to pay with nothing but my e-mail address, so that buying a pair of socks does
    not begin with inventing a password.

    The guest flow has three steps, the account flow keeps its four:

    | Step | Guest | Account |
    | --- | --- | --- |
    | 1 | E-mail | Sign in |
    | 2 | Address | Address book |
    | 3 | Pay | Pay |
    | 4 | – | Thank you, with points |

    The order is stored with `customer_id = null` and a *claim token*. If the same address registers within 90 days,
    we offer to move the order into the new account.

    See the [flow sketches](https://example.com/sketches/guest-checkout) for the error states.
    """,
    [
        given(
            "a basket with at least one item\nI am not signed in",
            "I choose “Continue as guest” and enter a well-formed e-mail address",
            "I reach the address step without being asked for a password",
        ),
        given(
            "the e-mail address belongs to an account",
            "I continue as guest",
            "I am told so and may sign in, or go on as guest all the same",
        ),
        "The order confirmation goes to the address that was entered.",
        "A guest order never shows up in somebody else's account without the claim link.",
        "The whole flow works with the keyboard alone.",
        "Funnel events carry the mode “guest” and no e-mail address.",
    ],
    priority="urgent",
    points="8",
    labels="checkout guest",
    assignee="demo",
    status="in_progress",
)
CHECKOUT.test(
    1,
    "Guest buys one item by card",
    "The shop sells *Wool socks, grey* at 12.90. No cookie from an earlier visit.",
    [
        ("Put *Wool socks, grey* into the basket and open it", "One line, total 12.90 plus shipping"),
        (
            "Choose **Continue as guest** and enter `kim@example.com`",
            "The address step opens; no password is asked for",
        ),
        ("Enter a full address and continue", "The payment step shows the address and the total"),
        ("Pay with the test card `4000 0000 0000 0002`", "A thank-you page with an order number"),
        ("Open the mailbox of `kim@example.com`", "One confirmation with the same order number"),
    ],
    "passed",
)
CHECKOUT.test(
    2,
    "Known e-mail address is offered a sign-in",
    "An account exists for `lee@example.com`.",
    [
        ("Continue as guest with `lee@example.com`", "A hint says that there is an account, with two choices"),
        ("Choose to go on as guest", "The address step opens; nothing from the account is filled in"),
    ],
    "passed",
)
CHECKOUT.test(
    3,
    "Order is claimed after registering",
    "A guest order of yesterday for `kim@example.com`.",
    [
        ("Register with `kim@example.com` and confirm the address", "The account opens and offers to add one order"),
        ("Accept", "The order stands in the order history with yesterday's date"),
        ("Open the claim link a second time", "It says that the order is already in an account"),
    ],
    "failed",
)
CHECKOUT.story(
    143,
    "Address form fills itself in from a postcode",
    """
    As a shopper on a phone I want to type a postcode and pick my street, so that I do not have to spell it out with
    my thumbs.

    1. Ask for the postcode first, then the house number.
    2. Look both up at our address service (`GET /v2/lookup?postcode=…`).
    3. Fill in street and town; both stay editable.

    If the service does not answer within **800 ms** the form simply stays as it is. *No spinner, no message.*
    """,
    [
        "Street and town are filled in for 95 of 100 addresses of our test set.",
        given("the address service is down", "I type my postcode", "I can go on by hand and see no error"),
        "What I typed by hand is never overwritten.",
    ],
    priority="high",
    points="5",
    labels="checkout mobile",
    assignee="tomas",
    status="ready",
)
CHECKOUT.test(
    4,
    "Slow address service does not get in the way",
    "The address service answers after 5 seconds.",
    [
        ("Type postcode and house number, then the street by hand", "Every key stroke shows at once"),
        ("Wait until the answer arrives", "The street that was typed is still there"),
    ],
)
CHECKOUT.story(
    144,
    "Card payments ask for strong customer authentication only when the bank wants it",
    """
    As a shopper I want to confirm a payment in my banking app *only when my bank insists*, so that small orders go
    through in one step.

    We send the exemption flag for orders below 30 €:

    ```json
    {
      "amount": 1290,
      "currency": "EUR",
      "sca_exemption": "low_value"
    }
    ```

    A bank may refuse the exemption. Then the challenge starts **in the same window**, the basket stays reserved for
    fifteen minutes.
    """,
    [
        given("an order of 12.90", "the bank accepts the exemption", "the payment ends without a challenge"),
        given(
            "an order of 12.90",
            "the bank answers `soft_decline`",
            "the challenge opens\nafter confirming it the same order is paid, not a second one",
        ),
        "A challenge that is closed leads back to the payment step with a sentence that says what happened.",
    ],
    priority="high",
    points="8",
    labels="checkout payment compliance",
    assignee="ana",
    status="in_review",
)
CHECKOUT.test(
    5,
    "Soft decline leads to one payment",
    "Test bank in mode `soft_decline`; an empty order list.",
    [
        ("Pay 12.90 as guest", "The bank's challenge opens in the same window"),
        ("Confirm it", "Thank-you page"),
        ("Look at the payments in the back office", "Exactly one captured payment of 12.90"),
    ],
    "passed",
)
CHECKOUT.test(
    6,
    "Closing the challenge keeps the basket",
    "Test bank in mode `soft_decline`.",
    [
        ("Pay, and close the challenge", "The payment step says that the payment was not confirmed"),
        ("Open the basket", "It holds the same items at the same prices"),
    ],
    "blocked",
)
CHECKOUT.story(
    121,
    "Shipping costs stand in the basket, before the checkout",
    """
    As a careful buyer I want to see what shipping will cost while I still look at my basket, so that there is no
    surprise on the last page.

    - free from 50 €
    - 4.90 € below that
    - islands and Switzerland: *"from 12.90 €"*, because we know the zone only with the postcode
    """,
    [
        "The basket shows items, shipping and total as three lines.",
        "“Another 7.10 € to free shipping” appears from 40 € on.",
        given("my address is known", "I open the basket", "the exact amount of my zone is shown"),
    ],
    points="3",
    labels="basket",
    assignee="tomas",
    status="done",
)
CHECKOUT.test(
    7,
    "Threshold of free shipping",
    "Items at 49.99 and 0.01 exist.",
    [
        ("Put the item at 49.99 into the basket", "Shipping 4.90; a hint that 0.01 is missing"),
        ("Add the item at 0.01", "Shipping is free; the hint is gone"),
    ],
    "passed",
)
CHECKOUT.story(
    122,
    "Voucher codes explain why they do not apply",
    """
    As a newsletter reader I want to know *why* my voucher is refused, so that I can do something about it.

    | Reason | What we say |
    | --- | --- |
    | expired | This code ended on 31 March. |
    | too little in the basket | This code counts from 40 €; 6.20 € are missing. |
    | wrong items | This code is for shoes. There are none in the basket. |
    | used up | This code was used the agreed number of times. |
    """,
    [
        "Each reason of the table has its own sentence; none of them says “invalid”.",
        "Codes are found whether they are typed in capitals or not, and with blanks around them.",
        "Ten wrong codes in a minute lock the field for a minute.",
    ],
    priority="low",
    points="3",
    labels="basket marketing",
)
CHECKOUT.story(
    123,
    "Order confirmation says when the parcel will arrive",
    """
    As somebody who works during the day I want to know the delivery day, so that I can have the parcel sent to the
    neighbours.

    The carrier's promise is a window such as `2–3 working days`. We turn it into dates with the calendar of the
    **destination**, not ours.
    """,
    [
        given("an order on Friday at 17:00", "the carrier promises two working days", "Tuesday is shown"),
        given("Monday is a holiday where the parcel goes", "I order on Friday", "Wednesday is shown"),
        "The same day stands on the thank-you page, in the mail and in the order history.",
    ],
    points="5",
    labels="mail shipping",
    assignee="ana",
)
CHECKOUT.story(
    124,
    "Payment page survives a double click",
    """
    As an impatient shopper I want to be charged once, however often I press *Pay now*.

    > On 3 May a customer was charged four times within two seconds. We refunded and apologised. Let us not do that
    > again.

    Technical notes: the button's form carries a one-time key; `payments` has a unique index on it.
    """,
    [
        "Twenty parallel submissions of the same form make one payment.",
        "The button says “Paying…” and cannot be pressed again until there is an answer.",
        given("the answer gets lost", "I reload the page", "I see the state of the one payment"),
    ],
    priority="urgent",
    points="5",
    labels="payment bug",
    assignee="demo",
    status="done",
)
CHECKOUT.test(
    8,
    "Twenty submissions, one payment",
    "A basket of 20.00 and a script that posts the form twenty times at once.",
    [("Run the script", "One answer leads to the thank-you page, nineteen to the same order"), ("Count payments", "1")],
    "passed",
)
CHECKOUT.story(
    141,
    "Basket comes along to another device",
    """
    As somebody who browses on the phone and buys at the desk I want one basket, so that I do not search twice.

    Both baskets are **joined** at sign-in: quantities of the same item are not added up, the larger one counts.
    """,
    [
        given("two socks on my phone and one at my desk", "I sign in at my desk", "the basket holds two"),
        "An item that is sold out meanwhile stays visible, greyed, and is not counted.",
    ],
    priority="low",
    points="3",
    labels="basket account",
)
