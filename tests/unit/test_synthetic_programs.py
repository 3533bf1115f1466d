"""Programs: who is asked, who joins, who is called, and that the readings hold the true response and nothing else."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from peakwise.synthetic import SyntheticOptions, generate
from peakwise.synthetic.dr_events import afternoon_degrees, plan_events
from peakwise.synthetic.population import is_residential, make_population
from peakwise.synthetic.programs import CHOSEN, PROGRAMS, RANDOM, make_programs
from peakwise.synthetic.weather import make_weather

SUMMER = SyntheticOptions(
    customers=400, first_date=date(2025, 5, 1), months=4, offer_fraction=0.2, mover_fraction=0.2
).without_faults()


@pytest.fixture(scope="module")
def summer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(SUMMER, tmp_path_factory.mktemp("summer") / "utility").folder


def ask(folder: Path, question: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create view readings as from '{folder}/readings/*.parquet'")
        for path in folder.glob("*.parquet"):
            connection.execute(f"create view {path.stem} as from '{path}'")
        for path in (folder / "truth").glob("*.parquet"):
            connection.execute(f"create view true_{path.stem} as from '{path}'")
        return connection.execute(question).df()


@pytest.fixture(scope="module")
def asked() -> pd.DataFrame:
    """All homes that the first wave of the first program could ask, in a large utility without readings."""
    options = SyntheticOptions(customers=8000, months=1)
    population = make_population(options)
    programs = make_programs(options, population, make_weather(options))
    agreements, attributes, primary = population.agreements, population.attributes, programs.primary
    offers = programs.offers
    first = (offers.wave == -1) & (offers.program == 0)
    assignment = np.full(len(primary), -1)
    assignment[offers.customer[first]] = offers.assignment[first]
    known = agreements.rows(primary)
    may_be_asked = (
        is_residential(known)
        & known.has_consent
        & ~known.has_medical_need
        & (known.starts_on_day < 0)
        & (attributes.consent_from_day(agreements.has_consent)[primary] <= -200)
    )
    assert may_be_asked[assignment >= 0].all()
    return pd.DataFrame(
        {
            "assignment": assignment,
            "annual_kwh": np.log(known.annual_kwh),
            "flexible_fraction": known.flexible_fraction,
            "willingness": known.willingness,
            "is_owner": attributes.tenure[primary] == 0,
            "household_size": attributes.household_size[primary],
            "is_low_income": attributes.is_low_income[primary],
        }
    )[may_be_asked]


def deviation(asked: pd.DataFrame, assignment: int, trait: str) -> float:
    """How many standard errors the mean of a group lies from the mean of all."""
    group, every = asked[asked.assignment == assignment][trait].astype(float), asked[trait].astype(float)
    return float((group.mean() - every.mean()) / (every.std() / np.sqrt(len(group))))


def test_random_offers_are_random(asked: pd.DataFrame) -> None:
    assert (asked.assignment == RANDOM).sum() > 500
    for trait in asked.columns.drop("assignment"):
        assert abs(deviation(asked, RANDOM, trait)) < 3.5, trait


def test_chosen_offers_go_to_high_bills(asked: pd.DataFrame) -> None:
    assert deviation(asked, CHOSEN, "annual_kwh") > 20
    # Flexibility does not follow size, so high bills do not find it.
    assert abs(deviation(asked, CHOSEN, "flexible_fraction")) < 4


def test_each_customer_is_asked_once_by_a_program_and_is_in_one_at_a_time(summer: Path) -> None:
    assert ask(summer, "select * from program_offers group by all having count(*) > 1").empty
    twice = "select customer_id, program_id from program_offers group by all having count(*) > 1"
    assert ask(summer, twice).empty
    overlaps = """
        select * from program_enrolments as one join program_enrolments as other using (customer_id)
        where one.enrolled_on < other.enrolled_on and coalesce(one.left_on, '2100-01-01') > other.enrolled_on
    """
    assert ask(summer, overlaps).empty
    without_offer = """
        select * from program_enrolments as enrolments
        anti join program_offers as offers on offers.customer_id = enrolments.customer_id
            and offers.program_id = enrolments.program_id and offers.offered_on < enrolments.enrolled_on
    """
    assert ask(summer, without_offer).empty


def test_only_homes_with_consent_and_without_medical_need_are_asked(summer: Path) -> None:
    wrong = """
        select offer_id from program_offers
        join customer_attributes using (customer_id) join customers using (customer_id)
        where not customers.has_consent or customers.has_medical_need or customers.customer_class <> 'residential'
            or (known_from_date <= offered_on and not customer_attributes.has_consent
                and known_from_date = (select max(known_from_date) from customer_attributes as versions
                    where versions.customer_id = program_offers.customer_id and known_from_date <= offered_on))
    """
    assert ask(summer, wrong).empty


def test_joining_follows_the_true_probability() -> None:
    options = SyntheticOptions(customers=8000, months=2, mover_fraction=0)
    programs = make_programs(options, make_population(options), make_weather(options))
    offers, enrolments = programs.offers, programs.enrolments
    joined = {(program, customer) for program, customer in zip(enrolments.program, enrolments.customer, strict=True)}
    did = np.array([pair in joined for pair in zip(offers.program, offers.customer, strict=True)])
    early = offers.wave == -1
    for low, high in ((0, 1e-9), (1e-9, 0.2), (0.2, 0.4), (0.4, 1.0)):
        of = early & (offers.probability >= low) & (offers.probability < high)
        expected, spread = (
            offers.probability[of].sum(),
            np.sqrt((offers.probability * (1 - offers.probability))[of].sum()),
        )
        assert of.sum() > 100
        assert abs(did[of].sum() - expected) <= 4 * spread


def test_flag_of_enrolment_is_the_state_at_the_end(summer: Path) -> None:
    differ = """
        select customer_id from customers
        left join (select distinct customer_id, true as is_in from program_enrolments where left_on is null) using (customer_id)
        where is_enrolled <> coalesce(is_in, false)
    """
    assert ask(summer, differ).empty
    share = ask(summer, "select avg(is_enrolled::int) as share from customers").share[0]
    assert 0.1 < share < 0.6


def test_only_members_are_called_and_some_are_held_out_at_random(summer: Path) -> None:
    strangers = """
        select * from event_participation join dr_events using (event_id)
        anti join program_enrolments as enrolments on enrolments.customer_id = event_participation.customer_id
            and enrolments.program_id = dr_events.program_id
            and enrolled_on < timezone('America/New_York', starts_at)::date
            and coalesce(left_on, '2100-01-01') > timezone('America/New_York', starts_at)::date
    """
    assert ask(summer, strangers).empty
    share = ask(
        summer,
        """
        select count(called.event_id) / count(*) as share, count(*) as members
        from dr_events join program_enrolments as members on members.program_id = dr_events.program_id
            and enrolled_on < timezone('America/New_York', starts_at)::date
            and coalesce(left_on, '2100-01-01') > timezone('America/New_York', starts_at)::date
        left join event_participation as called using (event_id, customer_id)
        """,
    )
    assert share.members[0] > 500
    assert share.share[0] == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / share.members[0]))


def test_opt_outs_lie_between_the_notice_and_the_end(summer: Path) -> None:
    wrong = """
        select * from event_participation join dr_events using (event_id)
        where opted_out_at < notified_at or opted_out_at > ends_at
    """
    assert ask(summer, wrong).empty
    assert 0.02 < ask(summer, "select count(opted_out_at) / count(*) as share from event_participation").share[0] < 0.4


def test_events_fall_on_hot_working_days_from_four_to_eight(summer: Path) -> None:
    events = ask(
        summer,
        """
        select program_id, timezone('America/New_York', starts_at) as starts, timezone('America/New_York', ends_at) as ends,
            notified_at < starts_at as in_time
        from dr_events
        """,
    )
    assert set(events.program_id) == {kind.program_id for kind in PROGRAMS}
    assert events.groupby("program_id").size().between(9, 12).all()
    assert (events.starts.dt.hour == 16).all()
    assert events.ends.dt.hour.between(19, 20).all()
    assert (events.starts.dt.day_of_week < 5).all()
    assert events.in_time.all()
    degrees = afternoon_degrees(make_weather(SUMMER))[: (date(2025, 9, 1) - SUMMER.first_date).days]
    of_event = degrees[(events.starts.dt.normalize() - pd.Timestamp(SUMMER.first_date)).dt.days]
    assert of_event.min() > np.quantile(degrees, 0.6)


def test_cold_utilities_call_in_winter_and_longer_histories_go_on_calling() -> None:
    hours = [PROGRAMS[0].hours]
    cold = SyntheticOptions(mean_temperature_celsius=2, seasonal_temperature_celsius=12)
    months = {
        (np.datetime64(cold.first_date) + day).astype(object).month
        for day in plan_events(cold, make_weather(cold), hours).day
    }
    assert months <= {12, 1, 2, 3}
    # The history ends in August of its second year.
    longer = SyntheticOptions(months=20, event_days_per_year=10)
    days = plan_events(longer, make_weather(longer), hours).day
    assert (days < 365).sum() == 10
    assert 5 <= (days >= 365).sum() <= 10
    assert days.max() < 365 + 243
    none = replace(longer, event_days_per_year=0)
    assert len(plan_events(none, make_weather(none), hours)) == 0


def test_readings_hold_the_true_response_and_nothing_else(summer: Path, tmp_path: Path) -> None:
    """Beside the same utility in which nobody responds, readings differ by exactly what the truth tells."""
    placebo = generate(replace(SUMMER, response_factor=0), tmp_path / "placebo").folder
    assert (ask(placebo, "select sum(abs(change_kwh)) as kwh from true_responses").kwh == 0).all()
    question = f"""
        with net as (
            select service_point_id, interval_start_at, sum(if(channel = 'delivered', kwh, -kwh)) as kwh
            from readings group by all
        ),
        net_without as (
            select service_point_id, interval_start_at, sum(if(channel = 'delivered', kwh, -kwh)) as kwh
            from '{placebo}/readings/*.parquet' group by all
        ),
        told as (
            select service_point_id, timezone('UTC', hour_start_at) as interval_start_at,
                sum(change_kwh) as change_kwh, sum(without_kwh) as without_kwh
            from true_responses group by all
        )
        select net.kwh - net_without.kwh as difference, coalesce(change_kwh, 0) as change_kwh,
            net_without.kwh - without_kwh as unexplained
        from net join net_without using (service_point_id, interval_start_at)
        left join told using (service_point_id, interval_start_at)
        where net.kwh <> net_without.kwh or change_kwh is not null
    """
    found = ask(summer, question)
    assert len(found) > 2000
    assert (found.change_kwh < -0.1).sum() > 100
    # Rounding to 4 decimals, of single precision.
    assert (found.difference - found.change_kwh).abs().max() < 5e-4
    assert found.unexplained.abs().max() < 5e-4


def test_response_is_little_for_many_and_large_for_few_and_comes_back_in_part(summer: Path) -> None:
    calls = ask(
        summer,
        """
        select event_id, customer_id, any_value(program_id) as program_id, any_value(opted_out_at) as opted_out_at,
            any_value(opted_out_at < starts_at) as was_early,
            -sum(change_kwh) filter (hour_start_at >= starts_at and hour_start_at < ends_at) as saved_kwh,
            sum(change_kwh) filter (hour_start_at >= ends_at) as after_kwh,
            sum(change_kwh) filter (hour_start_at < starts_at) as before_kwh,
            sum(without_kwh) filter (hour_start_at >= starts_at and hour_start_at < ends_at) as without_kwh
        from true_responses join dr_events using (event_id) join event_participation using (event_id, customer_id)
        group by all
        """,
    )
    in_full = calls[calls.opted_out_at.isna()]
    share = in_full.saved_kwh / in_full.without_kwh.where(in_full.without_kwh > 0.5)
    assert (share.dropna() < 0.02).mean() > 0.4
    assert 0.02 < (share.dropna() > 0.25).mean() < 0.25
    largest = in_full.saved_kwh.sort_values(ascending=False)
    assert largest.head(len(largest) // 10).sum() > 0.4 * largest.sum()
    early = calls[calls.was_early.fillna(False).astype(bool)]
    assert len(early) > 5
    assert (early[["saved_kwh", "after_kwh", "before_kwh"]].abs().to_numpy() == 0).all()
    back = in_full.groupby("program_id")[["saved_kwh", "after_kwh", "before_kwh"]].sum()
    assert 0.1 < back.after_kwh["PTR"] / back.saved_kwh["PTR"] < 0.35
    assert back.before_kwh["PTR"] == 0
    assert 0.35 < back.after_kwh["STAT"] / back.saved_kwh["STAT"] < 0.75
    assert back.before_kwh["STAT"] == pytest.approx(0.12 * back.saved_kwh["STAT"], rel=0.02)


def test_naive_comparisons_are_fooled(summer: Path) -> None:
    """Members save, yet on event days they use more than on other days, and more than others do."""
    load = ask(
        summer,
        """
        with afternoons as (
            select service_point_id, timezone('America/New_York', timezone('UTC', interval_start_at))::date as day,
                sum(kwh) as kwh
            from readings
            where channel = 'delivered'
                and hour(timezone('America/New_York', timezone('UTC', interval_start_at))) between 16 and 19
            group by all
        ),
        called as (
            select distinct service_point_id, timezone('America/New_York', starts_at)::date as day
            from event_participation join dr_events using (event_id) join customers using (customer_id)
            where program_id = 'PTR'
        ),
        members as (select distinct service_point_id from called)
        select
            avg(kwh) filter (members.service_point_id is not null and called.day is not null) as of_members_on_event_days,
            avg(kwh) filter (members.service_point_id is not null and called.day is null) as of_members_on_other_days,
            avg(kwh) filter (members.service_point_id is null and is_event_day) as of_others_on_event_days
        from (select *, day in (select day from called) as is_event_day from afternoons) as afternoons
        join customers using (service_point_id)
        left join members using (service_point_id)
        left join called using (service_point_id, day)
        where customers.customer_class = 'residential' and dayofweek(day) between 1 and 5
        """,
    ).iloc[0]
    truth = ask(summer, "select sum(change_kwh) as kwh from true_responses where event_id like 'PTR%'").kwh[0]
    assert truth < 0
    assert load.of_members_on_event_days > load.of_members_on_other_days
    assert load.of_members_on_event_days > load.of_others_on_event_days


def test_fatigue_makes_members_respond_less_after_many_calls() -> None:
    options = SyntheticOptions(customers=6000, event_days_per_year=40, holdout_fraction=0, mover_fraction=0)
    programs = make_programs(options, make_population(options), make_weather(options))
    calls = programs.calls
    day = programs.events.day[calls.event]
    frame = pd.DataFrame({"customer": calls.customer, "day": day, "responds": calls.fraction > 0, "event": calls.event})
    frame["opts_out"] = calls.opted_out_at > 0
    frame["stress"] = programs.events.stress_degrees[calls.event]
    frame = frame.sort_values(["customer", "day"])
    frame["recent"] = frame.groupby("customer").day.transform(lambda days: days - days.shift(3)) < 7
    usual = frame[frame.stress.between(-3, 3)]
    tired, rested = usual[usual.recent], usual[~usual.recent]
    assert min(len(tired), len(rested)) > 2000
    assert tired.responds.mean() < rested.responds.mean() - 0.03
    assert tired.opts_out.mean() > rested.opts_out.mean()
    assert (programs.enrolments.reason == 1).sum() > 10
