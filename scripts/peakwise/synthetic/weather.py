"""Weather that all customers share, and what it asks of cooling, heating, lighting and solar roofs."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from peakwise.synthetic.local_clock import LocalMonth, local_month, microseconds_at_local_midnight, month_after
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.random_streams import Purpose, stream

MICROSECONDS_PER_HOUR = 3_600_000_000
COLDEST_DAY_OF_YEAR = 20.0
DAILY_SWING_CELSIUS = 4.5  # how far the afternoon lies above a day's mean
WARMEST_SUN_HOUR = 15.0
SPELL_CELSIUS = 3.2  # standard deviation of a day around its season
SPELL_PERSISTENCE = 0.72  # of one day's anomaly, what is left on the next
INDOOR_DELAY_HOURS = 3.0  # how slowly buildings follow the air
COOLING_ABOVE_CELSIUS = 18.0
COOLING_LIMIT_DEGREES = 11.0  # air conditioners near their full power, which heat waves do not raise further
HEATING_BELOW_CELSIUS = 15.0
STORAGE_CHARGES_BELOW_CELSIUS = 12.0  # mean of the day before the night
STORAGE_FULL_BELOW_CELSIUS = -5.0
STORAGE_LOOKS_BACK_FROM_HOURS = 3.0  # before midnight: the day that a controller knows
DARK_HOURS_EXTRA = 0.18  # activity after dark, more than by day
ROOF_TURNS_HOURS = (-1.8, 0.0, 1.8)  # roofs that face east, south and west peak this much earlier or later


@dataclass(frozen=True)
class Weather:
    """Hourly weather from the utility's first midnight on; whole years, so that annual energy and hot days are known.

    Attributes:
        hour_start_at: int64, microseconds since 1970-01-01 UTC.
        temperature_celsius: Air temperature.
        indoor_drive_celsius: The same, delayed as a building delays it; drives cooling and heating.
        clearness_fraction: Sunlight that clouds let through.
    """

    hour_start_at: np.ndarray
    temperature_celsius: np.ndarray
    indoor_drive_celsius: np.ndarray
    clearness_fraction: np.ndarray


@dataclass(frozen=True)
class Conditions:
    """What the weather asks for in each interval of a month; arrays hold one entry per interval.

    Attributes:
        cooling_degrees, heating_degrees: Degrees above or below the comfortable range.
        darkness: 0 by day to 1 by night.
        sunlight: Roof facing (east, south, west) x interval; generation relative to a roof's size.
        storage_charge: Per night from noon to noon, the first of which began on the last day of the month before: how
            full storage heaters are charged, 0 outside the heating season to 1.
    """

    cooling_degrees: np.ndarray
    heating_degrees: np.ndarray
    darkness: np.ndarray
    sunlight: np.ndarray
    storage_charge: np.ndarray


def make_weather(options: SyntheticOptions) -> Weather:
    """Draw the utility's weather, day after day from its first."""
    zone = ZoneInfo(options.time_zone)
    first = microseconds_at_local_midnight(options.first_date, zone)
    last_day = month_after(options.first_date, 12 * -(-options.months // 12))
    hours = -(-(microseconds_at_local_midnight(last_day, zone) - first) // MICROSECONDS_PER_HOUR) + 1
    days = hours // 24 + 2
    # One stream per series: a longer history then begins like a shorter one.
    spell_draws, cloud_draws, passing_draws = (stream(options.seed, Purpose.WEATHER, series) for series in range(3))
    spells = SPELL_CELSIUS * _persistent(spell_draws.standard_normal(days), SPELL_PERSISTENCE)
    clouds = _persistent(cloud_draws.standard_normal(days), 0.4)
    hour = np.arange(hours)
    passing_clouds = _persistent(passing_draws.standard_normal(hours), 0.85)

    # Standard time is enough here: the first midnight is at most an hour off.
    day_of_year = options.first_date.timetuple().tm_yday + hour / 24
    season = -np.cos(2 * np.pi * (day_of_year - _coldest_day(options)) / 365.25)
    daily = np.cos(2 * np.pi * (hour % 24 - WARMEST_SUN_HOUR) / 24)
    temperature = (
        options.mean_temperature_celsius
        + options.seasonal_temperature_celsius * season
        + DAILY_SWING_CELSIUS * daily
        + np.interp(hour / 24, np.arange(days) + 0.5, spells)
    )
    cloudiness = 1.1 * np.interp(hour / 24, np.arange(days) + 0.5, clouds) + 0.5 * passing_clouds - 0.9
    return Weather(
        hour_start_at=first + hour * MICROSECONDS_PER_HOUR,
        temperature_celsius=temperature,
        indoor_drive_celsius=_delayed(temperature, INDOOR_DELAY_HOURS),
        clearness_fraction=0.15 + 0.85 / (1 + np.exp(cloudiness)),
    )


def conditions_of(options: SyntheticOptions, weather: Weather, month: LocalMonth) -> Conditions:
    """What the weather asks for in each interval of one month."""
    middle = month.interval_start_at + month.interval_minutes * 30_000_000
    indoor_drive = np.interp(middle, weather.hour_start_at, weather.indoor_drive_celsius)
    clearness = np.interp(middle, weather.hour_start_at, weather.clearness_fraction)
    height = _sun_height(options.latitude, month.day_of_year, month.sun_hour)
    roofs = [
        np.sqrt(np.maximum(height, 0) * np.maximum(_sun_height(options.latitude, month.day_of_year, turned), 0))
        for turned in (month.sun_hour - turn for turn in ROOF_TURNS_HOURS)
    ]
    return Conditions(
        cooling_degrees=_limited(np.maximum(indoor_drive - COOLING_ABOVE_CELSIUS, 0)).astype(np.float32),
        heating_degrees=np.maximum(HEATING_BELOW_CELSIUS - indoor_drive, 0).astype(np.float32),
        darkness=np.clip(0.5 - 4 * height, 0, 1).astype(np.float32),
        sunlight=(np.array(roofs) * clearness).astype(np.float32),
        storage_charge=_storage_charge(weather, month),
    )


@dataclass(frozen=True)
class ReferenceYear:
    """Means over the utility's first twelve months, by which annual energy becomes kilowatts.

    Attributes:
        activity, cooling, heating: (weekday, weekend) x hour: what falls on such an hour, as a mean over all hours.
        sunlight: Mean of each roof facing.
        storage_charge: Mean over all nights.
    """

    activity: np.ndarray
    cooling: np.ndarray
    heating: np.ndarray
    sunlight: np.ndarray
    storage_charge: float


def reference_year(options: SyntheticOptions, weather: Weather) -> ReferenceYear:
    """Average the weather of the utility's first twelve months by day type and local hour."""
    hourly = replace(options, interval_minutes=60, months=12)
    sums = np.zeros((3, 48))
    sunlight = np.zeros(len(ROOF_TURNS_HOURS))
    hours = 0
    nights: list[np.ndarray] = []
    for index in range(12):
        month = local_month(hourly, index)
        conditions = conditions_of(hourly, weather, month)
        series = (activity_factor(conditions), conditions.cooling_degrees, conditions.heating_degrees)
        for row, values in enumerate(series):
            sums[row] += np.bincount(month.clock_column, weights=values, minlength=48)
        sunlight += conditions.sunlight.sum(axis=1)
        hours += month.intervals
        nights.append(conditions.storage_charge[:-1])
    activity, cooling, heating = (sums / hours).reshape(3, 2, 24)
    return ReferenceYear(
        activity=activity,
        cooling=cooling,
        heating=heating,
        sunlight=sunlight / hours,
        storage_charge=float(np.concatenate(nights).mean()),
    )


def activity_factor(conditions: Conditions) -> np.ndarray:
    """How much more people use when it is dark, per interval."""
    return 1 + DARK_HOURS_EXTRA * conditions.darkness


def warmest_day(options: SyntheticOptions) -> float:
    """Day of the year on which it is warmest on average."""
    return (_coldest_day(options) + 182.6) % 365.25


def _storage_charge(weather: Weather, month: LocalMonth) -> np.ndarray:
    """How full storage heaters are charged in each night of a month, by the mean temperature of the day before it."""
    first_interval = np.searchsorted(month.day_index, np.arange(month.days))
    end = month.interval_start_at[-1:] + month.interval_minutes * 60_000_000
    midnight = np.concatenate([month.interval_start_at[first_interval], end])
    hour = (midnight - weather.hour_start_at[0]) / MICROSECONDS_PER_HOUR - STORAGE_LOOKS_BACK_FROM_HOURS
    # Nothing is known of the day before the first; its own temperature stands in.
    hour = np.maximum(hour, 24)
    total = np.concatenate([[0.0], np.cumsum(weather.temperature_celsius)])
    hours = np.arange(len(total))
    mean = (np.interp(hour, hours, total) - np.interp(hour - 24, hours, total)) / 24
    charge = (HEATING_BELOW_CELSIUS - mean) / (HEATING_BELOW_CELSIUS - STORAGE_FULL_BELOW_CELSIUS)
    return np.where(mean < STORAGE_CHARGES_BELOW_CELSIUS, np.minimum(charge, 1.0), 0.0)


def _coldest_day(options: SyntheticOptions) -> float:
    return COLDEST_DAY_OF_YEAR + (182.6 if options.latitude < 0 else 0.0)


def _limited(degrees: np.ndarray) -> np.ndarray:
    """Degrees that equipment can follow: all of a few, ever less of more."""
    return COOLING_LIMIT_DEGREES * np.tanh(degrees / COOLING_LIMIT_DEGREES)


def _sun_height(latitude: float, day_of_year: np.ndarray, sun_hour: np.ndarray) -> np.ndarray:
    """Sine of the sun's height above the horizon."""
    declination = np.radians(-23.44) * np.cos(2 * np.pi * (day_of_year + 10) / 365.25)
    hour_angle = 2 * np.pi * (sun_hour - 12) / 24
    north = np.radians(latitude)
    return np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)


def _persistent(shocks: np.ndarray, persistence: float) -> np.ndarray:
    """A first-order autoregressive series with mean 0 and variance 1 from independent shocks."""
    series = np.empty_like(shocks)
    fresh = np.sqrt(1 - persistence**2)
    value = float(shocks[0])
    for position, shock in enumerate(shocks.tolist()):
        value = persistence * value + fresh * shock
        series[position] = value
    return series


def _delayed(series: np.ndarray, hours: float) -> np.ndarray:
    """The hourly series behind an exponential delay."""
    delayed = np.empty_like(series)
    keep = np.exp(-1 / hours)
    value = float(series[0])
    for position, now in enumerate(series.tolist()):
        value = keep * value + (1 - keep) * now
        delayed[position] = value
    return delayed
