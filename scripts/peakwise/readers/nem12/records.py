"""What single NEM12 records say: registers (200), days (300), stamps, flags and values, whatever stands around them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from peakwise.readers.nem12.lines import RecordRefused, field_at, shown_bytes

LONGEST_ID = 40
LONGEST_SHOWN_VALUE = 200
NEM_CLOCK = timezone(timedelta(hours=10))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CHANNELS = {"E": "delivered", "B": "received"}
MAIN_REGISTERS = ("E1", "B1")
INTERVAL_MINUTES = {b"5": 5, b"10": 10, b"15": 15, b"20": 20, b"30": 30, b"60": 60}
# kWh in a unit as a fraction, so that 12.345 Wh is the double next to 0.012345.
ENERGY_UNITS = {"kwh": (1, 1), "wh": (1, 1_000), "mwh": (1_000, 1)}
OTHER_UNITS = frozenset({"varh", "kvarh", "mvarh", "var", "kvar", "mvar", "w", "kw", "mw", "vah", "kvah", "mvah"}) | {
    "va", "kva", "mva", "v", "kv", "a", "ka", "pf",
}  # fmt: skip


@dataclass(frozen=True)
class Register:
    """What a 200 record says of the days below it.

    Attributes:
        service_point_id: The NMI.
        register_id: Its suffix where it is not the main register.
        channel: `delivered` or `received`.
        interval_minutes: Length of its intervals.
        kwh_fraction: One unit in kWh, as numerator and denominator.
    """

    service_point_id: str
    register_id: str | None
    channel: str
    interval_minutes: int
    kwh_fraction: tuple[int, int]


@dataclass
class Day:
    """A 300 record that may still get events.

    Attributes:
        register: The register it belongs to.
        line_number: Its line.
        line: The line's text.
        labels: Start of each interval.
        kwh: Energy of each interval; None where it cannot be read.
        texts: Text of each value that cannot be read.
        flags: Quality flag of each interval.
        version: Its version stamp.
        origins: Line number and text of the record that gave each flag; None while there is no event.
    """

    register: Register
    line_number: int
    line: bytes
    labels: tuple[datetime, ...]
    kwh: list[float | None]
    texts: list[str | None]
    flags: list[str]
    version: int | None
    origins: list[tuple[int, bytes]] | None = None


def parsed_register(fields: list[bytes]) -> Register:
    """Register that a 200 record describes.

    Args:
        fields: The record's fields.

    Raises:
        RecordRefused: It is no register of energy, or cannot be read.
    """
    try:
        service_point_id = field_at(fields, 1).decode("utf-8")
        suffix = field_at(fields, 4).decode("ascii").upper()
    except UnicodeDecodeError as error:
        raise RecordRefused("the NMI or the suffix of its register is not UTF-8 text") from error
    if not service_point_id or len(service_point_id) > LONGEST_ID or not service_point_id.isprintable():
        raise RecordRefused("its register has no NMI, or one that cannot be")
    if not 1 <= len(suffix) <= 2 or not suffix.isalnum():
        raise RecordRefused(f"its register has no suffix as in E1: '{shown_bytes(field_at(fields, 4))}'")
    unit = shown_bytes(field_at(fields, 7))
    kwh_fraction = _kwh_fraction(suffix, unit)
    if suffix[0] not in CHANNELS:
        raise RecordRefused(f"register {suffix} in {unit} is neither taken from the grid (E) nor given to it (B)")
    minutes = INTERVAL_MINUTES.get(field_at(fields, 8).lstrip(b"0"))
    if minutes is None:
        raise RecordRefused(
            f"intervals of '{shown_bytes(field_at(fields, 8))}' minutes are not 5, 10, 15, 20, 30 or 60"
        )
    register_id = None if suffix in MAIN_REGISTERS else suffix
    return Register(service_point_id, register_id, CHANNELS[suffix[0]], minutes, kwh_fraction)


def _kwh_fraction(suffix: str, unit: str) -> tuple[int, int]:
    """One unit of a register in kWh, as numerator and denominator.

    Raises:
        RecordRefused: The unit is none of energy.
    """
    kwh_fraction = ENERGY_UNITS.get(unit.lower())
    if kwh_fraction is None and not unit:
        raise RecordRefused(f"register {suffix} has no unit")
    if kwh_fraction is None and unit.lower() in OTHER_UNITS:
        raise RecordRefused(f"register {suffix} is in {unit}, which is not energy")
    if kwh_fraction is None:
        raise RecordRefused(f"register {suffix} is in an unknown unit: {unit}")
    return kwh_fraction


@lru_cache(maxsize=512)
def interval_starts(date: bytes, minutes: int) -> tuple[datetime, ...]:
    """Start of each interval of a day.

    Args:
        date: The day, as in 20240131.
        minutes: Length of its intervals.

    Raises:
        RecordRefused: The text is no date.
    """
    try:
        if len(date) != 8 or not date.isdigit():
            raise ValueError
        midnight = datetime(int(date[:4]), int(date[4:6]), int(date[6:]))
    except ValueError as error:
        raise RecordRefused(f"the interval date '{shown_bytes(date)}' is not a date as in 20240131") from error
    return tuple(midnight + timedelta(minutes=start) for start in range(0, 1440, minutes))


def version_stamp(text: bytes) -> int | None:
    """Microseconds since 1970 in UTC of a time such as 20240131173000 or 202401311730; None for an empty text.

    Args:
        text: The text.

    Raises:
        RecordRefused: The text is no time.
    """
    if not text:
        return None
    try:
        if len(text) not in (12, 14) or not text.isdigit():
            raise ValueError
        parts = [int(text[:4]), *(int(text[start : start + 2]) for start in range(4, len(text), 2))]
        moment = datetime(*parts, tzinfo=NEM_CLOCK)
        # A stamp of the year 9999 would be the newest for ever.
        if not 1990 <= moment.year < 2100:
            raise ValueError
    except ValueError as error:
        raise RecordRefused(f"the version stamp '{shown_bytes(text)}' is not a time as in 20240131173000") from error
    return (moment - EPOCH) // MICROSECOND


def is_flag(text: bytes) -> bool:
    """Whether a text is a quality flag: a letter, and the two digits of a method where it has one.

    Args:
        text: The text.
    """
    return len(text) <= 3 and text[:1].isalpha() and (len(text) == 1 or text[1:].isdigit())


def is_null(flag: str) -> bool:
    """Whether a quality flag says that there is no value.

    Args:
        flag: The flag.
    """
    return flag[0] in "Nn"


def energy(
    values: list[bytes], kwh_fraction: tuple[int, int], *, is_plain: bool
) -> tuple[list[float | None], list[str | None]]:
    """Energy of each value in kWh, and the text of each that is no number.

    Args:
        values: As they stand in the file.
        kwh_fraction: One unit in kWh.
        is_plain: Whether no value holds an underscore, which Python would take for a separator of digits.
    """
    texts: list[str | None] = [None] * len(values)
    numerator, denominator = kwh_fraction
    try:
        if not is_plain:
            raise ValueError
        numbers: list[float | None] = list(map(float, values))
        if numerator != denominator:
            numbers = [number * numerator / denominator for number in numbers]
    except ValueError:
        numbers = [_number(value) for value in values]
        texts = [
            shown_bytes(value.strip(), LONGEST_SHOWN_VALUE) or None if number is None else None
            for value, number in zip(values, numbers, strict=True)
        ]
        numbers = [None if number is None else number * numerator / denominator for number in numbers]
    return numbers, texts


def _number(value: bytes) -> float | None:
    """The number that a value is; None when it is none."""
    try:
        return None if b"_" in value else float(value)
    except ValueError:
        return None


def why_wrong_count(fields: list[bytes], register: Register) -> str:
    """Why the quality flag does not stand behind the last value of a day.

    Args:
        fields: Fields of the 300 record.
        register: Its register.
    """
    expected = 1440 // register.interval_minutes
    found = next((position - 2 for position in range(2, len(fields)) if is_flag(field_at(fields, position))), None)
    if found is None or found == expected:
        return f"no quality flag stands behind its {expected} values"
    return f"{found} values stand before its quality flag; {register.interval_minutes}-minute intervals make {expected}"
