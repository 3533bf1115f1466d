"""What customers say: sentences with a place in them, which is sometimes misspelt."""

OUTAGE, BILL, PROGRAM, VOLTAGE, OTHER = range(5)
TOPICS = ("outage", "bill", "program", "voltage", "other")
MISSPELT = 0.2  # of places named
# For each topic what is said calmly, then what only those say who are upset.
TEXTS: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    OUTAGE: (
        (
            "No power{place} since a few minutes ago.",
            "Everything went dark{place}. When will it be back?",
            "The lights are out{place}, the whole block it seems.",
            "Is there a fault{place}? Nothing works here.",
            "A loud bang, then no light{place}.",
        ),
        (
            "We have had no electricity{place} for hours, the freezer is thawing!",
            "Power cut{place} again and nobody tells us anything.",
        ),
    ),
    BILL: (
        (
            "What does the fixed charge on my bill mean?",
            "Where do I find the price of a kilowatt-hour on the bill?",
            "I cannot pay this amount at once. Can I pay in parts?",
        ),
        (
            "My bill is much higher than last month and nothing has changed.",
            "Why is the bill so high? Please check the meter.",
            "I think there is a mistake in my last bill.",
        ),
    ),
    PROGRAM: (
        (
            "How do I sign up for the savings program?",
            "What does the program pay me for an event?",
            "Please explain how my savings are counted.",
        ),
        (
            "The event made the house too warm, I switched it off.",
            "Too many events this month.",
            "Why did you call an event on the hottest day?",
        ),
    ),
    VOLTAGE: (
        (
            "The lights flicker every evening{place}.",
            "Lamps are dim{place} and the oven takes forever.",
            "Voltage seems low{place}, devices switch off by themselves.",
        ),
        (),
    ),
    OTHER: (
        (
            "I want to change the address for my letters.",
            "A tree leans on the line{place}.",
            "How can I see my hourly use online?",
            "Thank you for the quick help last week.",
        ),
        (),
    ),
}


def contact_text(topic: int, is_upset: bool, choice: float, place: str | None) -> str:
    """A sentence on a topic.

    Args:
        topic: Position in TOPICS.
        is_upset: Whether the customer is.
        choice: 0 to 1: which sentence.
        place: Words for the place, if the customer names one.
    """
    calm, upset = TEXTS[topic]
    texts = upset if is_upset and upset else calm
    return texts[int(choice * len(texts))].replace("{place}", f" in {place}" if place else "")


def is_on_an_amount(text: str) -> bool:
    """Whether this text is about an amount: a bill that is high or wrong, or cannot be paid."""
    calm, upset = TEXTS[BILL]
    return text in upset or text == calm[2]


def tells_when(text: str) -> bool:
    """Whether this text on an outage tells already for how long it has been dark."""
    return "minutes ago" in text or "for hours" in text


def misspelt(words: str, choice: float) -> str:
    """Words with two neighbouring letters exchanged, or one left out; the first letter stays."""
    places = [at for at in range(1, len(words) - 1) if words[at].isalpha() and words[at + 1].isalpha()]
    if not places:
        return words
    at = places[int(choice * len(places))]
    if int(choice * 1000) % 2:
        return words[:at] + words[at + 1 :]
    return words[:at] + words[at + 1] + words[at] + words[at + 2 :]
