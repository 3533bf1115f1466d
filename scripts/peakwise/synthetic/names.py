"""Names of places: parts of the town and streets, which may sound alike, as they do."""

_AREA_BEGINNINGS = (
    "North", "East", "South", "West", "Mill", "River", "Lake", "Hill", "Old", "Stone", "Spring", "Harbor",
)  # fmt: skip
_AREA_ENDINGS = ("gate", "field", "side", "view", "wood", "brook", "ford", "haven", "dale", "ridge", "mead", "port")
_STREET_BEGINNINGS = (
    "Maple", "Oak", "Cedar", "Pine", "Elm", "Birch", "Willow", "Chestnut", "Walnut", "Poplar", "Hazel", "Juniper",
    "Meadow", "Orchard", "Garden", "Station", "Market", "Church", "School", "Bridge", "Canal", "Quarry", "Foundry",
    "Tannery", "Heron", "Falcon", "Robin", "Clover", "Heather", "Fern",
)  # fmt: skip
_STREET_ENDINGS = ("Street", "Avenue", "Road", "Lane", "Court", "Drive", "Way")


def area_name(number: int) -> str:
    """A part of the town by its number from 0; every number has another name."""
    # Neighbours in number differ in both parts.
    beginning, lap = number % len(_AREA_BEGINNINGS), number // len(_AREA_BEGINNINGS)
    name = _AREA_BEGINNINGS[beginning] + _AREA_ENDINGS[(beginning * 5 + lap) % len(_AREA_ENDINGS)]
    again = lap // len(_AREA_ENDINGS)
    return name if again == 0 else f"{name} {again + 1}"


STREETS = tuple(f"{beginning} {ending}" for beginning in _STREET_BEGINNINGS for ending in _STREET_ENDINGS)
