"""Prices of the synthetic utility: which tariffs it has, and what a kWh costs by day and hour."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.local_clock import LocalMonth, month_after
from peakwise.synthetic.options import SyntheticOptions

# Prices and energy are whole numbers of their last decimal, so that amounts are exact.
PRICE_DECIMALS = 4
FLAT, TIME_OF_USE, BUSINESS = range(3)
TARIFF_IDS = ("HOME-FLAT", "HOME-TOU", "BUSINESS")
PEAK_HOURS = (16, 21)  # local, of weekdays that are no holidays
MONTHS_BETWEEN_CHANGES = 12
FIRST_CHANGE_AFTER_MONTHS = 6
RISE = 1.05  # of all prices, from one version to the next
BEFORE_MONTHS = 18  # the first version was valid before the history


@dataclass(frozen=True)
class Prices:
    """Prices of one version, in the utility's currency.

    Attributes:
        off_peak, peak: Per tariff: price of a kWh outside and within peak hours.
        fixed_per_day: Per tariff.
    """

    off_peak: tuple[float, float, float]
    peak: tuple[float, float, float]
    fixed_per_day: tuple[float, float, float]


FIRST_PRICES = Prices(off_peak=(0.172, 0.128, 0.148), peak=(0.172, 0.318, 0.148), fixed_per_day=(0.35, 0.38, 0.85))


def prices_of_version(version: int) -> Prices:
    """Prices of a version from 0, rounded to PRICE_DECIMALS."""

    def risen(values: tuple[float, float, float]) -> tuple[float, ...]:
        return tuple(round(value * RISE**version, PRICE_DECIMALS) for value in values)

    return Prices(risen(FIRST_PRICES.off_peak), risen(FIRST_PRICES.peak), risen(FIRST_PRICES.fixed_per_day))


def version_of_month(index: int) -> int:
    """Version of the prices in the utility's month number `index` from 0: they change on the first of a month."""
    return max((index - FIRST_CHANGE_AFTER_MONTHS) // MONTHS_BETWEEN_CHANGES + 1, 0)


def energy_money_per_day(month: LocalMonth, version: int, units: np.ndarray) -> np.ndarray:
    """What the energy of a day costs by each tariff.

    Args:
        month: The clock.
        version: Of the prices.
        units: Energy per service point and interval, int64 in whole numbers of 0.0001 kWh.

    Returns:
        Tariff x service point x day, int64, in 0.0001 x 0.0001 of the currency.
    """
    prices = prices_of_version(version)
    energy = energy_per_day(month, units)
    is_weekday = ~month.is_weekend[month.day_index]
    hour = month.slot * month.interval_minutes // 60
    is_peak = is_weekday & (hour >= PEAK_HOURS[0]) & (hour < PEAK_HOURS[1])
    peak_energy = energy_per_day(month, units * is_peak)
    return np.stack(
        [
            energy * _whole(off_peak) + peak_energy * (_whole(peak) - _whole(off_peak))
            for off_peak, peak in zip(prices.off_peak, prices.peak, strict=True)
        ]
    )


def fixed_money_per_day(version: int) -> np.ndarray:
    """Fixed charge of a day by each tariff, in the same unit."""
    return np.array([_whole(price) for price in prices_of_version(version).fixed_per_day]) * 10**PRICE_DECIMALS


def _whole(price: float) -> int:
    return round(price * 10**PRICE_DECIMALS)


def energy_per_day(month: LocalMonth, units: np.ndarray) -> np.ndarray:
    """Sums of units per service point and interval over the local days of a month."""
    first = np.searchsorted(month.day_index, np.arange(month.days))
    return np.add.reduceat(units, first, axis=1)


def tariff_rows(options: SyntheticOptions) -> list[dict[str, object]]:
    """Rows of the tariffs file: every version that began before the end of the history."""
    rows: list[dict[str, object]] = []
    last = version_of_month(options.months - 1)
    for version in range(last + 1):
        prices = prices_of_version(version)
        begins = _first_month(version)
        from_date = month_after(options.first_date, begins)
        to_date = month_after(options.first_date, _first_month(version + 1)) if version < last else None
        for tariff, name in enumerate(TARIFF_IDS):
            for day_type, start, end, is_peak in _periods(tariff):
                price = prices.peak[tariff] if is_peak else prices.off_peak[tariff]
                rows.append(
                    {
                        "tariff_id": name,
                        "valid_from_date": from_date,
                        "valid_to_date": to_date,
                        "day_type": day_type,
                        "start_hour": start,
                        "end_hour": end,
                        "price_per_kwh": price,
                        "fixed_per_day": prices.fixed_per_day[tariff],
                    }
                )
    return rows


def _first_month(version: int) -> int:
    if version == 0:
        return -BEFORE_MONTHS
    return FIRST_CHANGE_AFTER_MONTHS + (version - 1) * MONTHS_BETWEEN_CHANGES


def _periods(tariff: int) -> tuple[tuple[str, int, int, bool], ...]:
    """Day type, first hour, end hour, and whether it is a peak price."""
    if tariff != TIME_OF_USE:
        return (("all", 0, 24, False),)
    first, end = PEAK_HOURS
    return (
        ("weekday", 0, first, False),
        ("weekday", first, end, True),
        ("weekday", end, 24, False),
        ("weekend", 0, 24, False),
    )
