"""ESPI's codes, and which of them say that readings are electric energy of their intervals."""

from collections.abc import Mapping

from peakwise.readers.green_button.feed import whole_number

WATT_HOURS = "72"
UNITS = {
    "0": "none", "5": "A", "29": "V", "31": "J", "33": "Hz", "38": "W (power)", "42": "cubic metres", "61": "VA", "63": "var",
    "65": "power factor", "71": "VAh", "73": "varh", "106": "Ah", "119": "cubic feet", "122": "cubic feet an hour",
    "125": "cubic metres an hour", "128": "US gallons", "129": "US gallons an hour", "130": "imperial gallons",
    "132": "British thermal units", "133": "British thermal units an hour", "134": "litres", "137": "litres an hour",
    "169": "therms",
}  # fmt: skip
SERVICES = {
    "1": "natural gas", "2": "water", "4": "pressure", "5": "heat", "6": "cold", "7": "communication", "8": "time",
}  # fmt: skip
COMMODITIES = {
    "7": "natural gas", "8": "propane", "9": "potable water", "10": "steam", "11": "waste water", "12": "heating fluid",
    "13": "cooling fluid",
}  # fmt: skip
ACCUMULATIONS = {
    "1": "a bulk quantity", "2": "continuously cumulative", "3": "cumulative", "6": "indicating", "9": "a summation",
    "12": "instantaneous", "13": "a latching quantity", "14": "a bounded quantity",
}  # fmt: skip
NET = "4"
CHANNELS = {None: None, "0": None, "1": "delivered", "19": "received", NET: "delivered"}
# What a reading type may say, and each of these may be left out.
ELECTRIC_COMMODITIES = (None, "0", "1", "2")
ENERGY_KINDS = (None, "0", "12")
INTERVAL_ACCUMULATIONS = (None, "0", "4")
PLAIN_QUALIFIERS = (None, "0", "12")


def why_no_electricity(point: Mapping[str, str]) -> str | None:
    """The reason why a usage point is not of electricity.

    Args:
        point: Texts of the usage point.

    Returns:
        The reason, for a person; None when it is of electricity, or does not say what it is of.
    """
    kind = point.get("kind", "0")
    if kind == "0":
        return None
    return f"the usage point is {_named(SERVICES, kind)}, not electricity (ServiceCategory kind {kind})"


def why_no_interval_energy(texts: Mapping[str, str]) -> str | None:
    """The reason why a reading type is not electric energy of an interval.

    Args:
        texts: Texts of the reading type.

    Returns:
        The reason, for a person; None when it is.
    """
    unit = texts.get("uom")
    commodity = texts.get("commodity")
    accumulation = texts.get("accumulationBehaviour")
    power_of_ten = texts.get("powerOfTenMultiplier", "0")
    if commodity not in ELECTRIC_COMMODITIES:
        return f"the readings are of {_named(COMMODITIES, commodity)}, not electricity (commodity {commodity})"
    if unit is None:
        return "the reading type names no unit (uom)"
    if unit != WATT_HOURS:
        return f"the unit is {_named(UNITS, unit)}, not Wh (uom {unit})"
    if accumulation not in INTERVAL_ACCUMULATIONS:
        return f"the readings are {_named(ACCUMULATIONS, accumulation)}, not per interval (accumulationBehaviour {accumulation})"
    for name, plain in (("kind", ENERGY_KINDS), ("dataQualifier", PLAIN_QUALIFIERS)):
        if texts.get(name) not in plain:
            return f"the readings are not the energy of their intervals ({name} {texts[name]})"
    if texts.get("flowDirection") not in CHANNELS:
        return f"the flow direction is neither forward, reverse nor net (flowDirection {texts['flowDirection']})"
    exponent = whole_number(power_of_ten)
    if exponent is None or abs(exponent) > 15:
        return f"the power of ten is none (powerOfTenMultiplier {power_of_ten})"
    return None


def _named(names: Mapping[str, str], code: str) -> str:
    """What a code stands for."""
    return names.get(code, "of an unknown code")
