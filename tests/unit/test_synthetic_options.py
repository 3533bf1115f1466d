from dataclasses import replace
from datetime import date, datetime

import pytest

from peakwise.errors import UnusableInput
from peakwise.synthetic import SyntheticOptions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("customers", 0),
        ("customers", 2.5),
        ("customers", True),
        ("months", 0),
        ("interval_minutes", 7),
        ("interval_minutes", 120),
        ("seed", -1),
        ("noise", float("nan")),
        ("noise", "much"),
        ("size_spread", -0.1),
        ("vehicle_fraction", 1.1),
        ("new_vehicle_fraction", -0.1),
        ("water_heater_timer_fraction", float("nan")),
        ("pool_pump_fraction", True),
        ("gap_fraction", 1.2),
        ("outages_per_customer_year", float("inf")),
        ("unrecorded_outage_fraction", 1.1),
        ("momentary_outages_per_customer_year", -1),
        ("wrong_bill_fraction", 1.5),
        ("event_days_per_year", 61),
        ("event_days_per_year", 2.5),
        ("response_factor", -0.1),
        ("holdout_fraction", float("inf")),
        ("first_date", date(2025, 1, 2)),
        ("first_date", datetime(2025, 1, 1)),
        ("first_date", date(1960, 1, 1)),
        ("time_zone", "Atlantis/Capital"),
        ("time_zone", ""),
        ("time_zone", "../etc/passwd"),
        ("time_zone", None),
        ("holiday_calendar", "Atlantis"),
        ("holiday_calendar", "US-XX"),
        ("holiday_calendar", None),
    ],
)
def test_bad_option_is_refused_in_one_sentence_that_names_it(name: str, value: object) -> None:
    with pytest.raises(UnusableInput, match=rf"^{name}.*\.$") as refusal:
        SyntheticOptions(**{name: value})
    assert "\n" not in str(refusal.value)


def test_numbers_at_their_bounds_are_accepted() -> None:
    SyntheticOptions(customers=1, months=1, interval_minutes=5, noise=0, size_spread=0, holiday_calendar="")
    SyntheticOptions(time_zone="Australia/Sydney", holiday_calendar="AU-NSW", latitude=-33.9)


def test_without_faults_changes_nothing_but_the_faults() -> None:
    options = SyntheticOptions(customers=20, seed=3, gap_fraction=0.1)
    clean = options.without_faults()
    assert clean.gap_fraction == clean.resent_fraction == clean.correction_fraction == clean.spike_fraction == 0
    assert clean.outages_per_customer_year == clean.momentary_outages_per_customer_year == 0
    changed = {
        "gap_fraction", "resent_fraction", "correction_fraction", "spike_fraction", "outages_per_customer_year",
        "momentary_outages_per_customer_year",
    }  # fmt: skip
    assert replace(options, **{name: getattr(clean, name) for name in changed}) == clean
