"""What a utility has on file beside readings and programs: premises, attributes, tariffs, bills, outages, contacts."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from meter_files import desk_in

from peakwise.loading import load_outages
from peakwise.loading.contract import source_contract
from peakwise.loading.source_tables import load_source_folder
from peakwise.synthetic import SyntheticOptions, generate
from peakwise.synthetic.contact_texts import misspelt
from peakwise.synthetic.local_clock import local_month
from peakwise.synthetic.names import STREETS, area_name
from peakwise.synthetic.network import draw_network
from peakwise.synthetic.outages import OUTAGE_CAUSES, draw_outages, draw_storms
from peakwise.synthetic.tariffs import tariff_rows

# Eight months around a price change and two clock changes, with many faults, movers and wrong bills.
TOWN = SyntheticOptions(
    customers=400,
    first_date=date(2025, 3, 1),
    months=9,
    mover_fraction=0.3,
    second_point_fraction=0.1,
    gap_fraction=0.01,
    resent_fraction=0.01,
    correction_fraction=0.01,
    outages_per_customer_year=2,
    momentary_outages_per_customer_year=1,
    time_of_use_fraction=0.4,
    wrong_bill_fraction=0.06,
    contact_factor=3,
)

# The synthetic utility records outages by service point.
SOURCES = source_contract().keys() - {"equipment_outages"}
LOCAL = "timezone('America/New_York', timezone('UTC', interval_start_at))"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(TOWN, tmp_path_factory.mktemp("town") / "utility").folder


def ask(folder: Path, question: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create view readings as from '{folder}/readings/*.parquet'")
        for path in folder.glob("*.parquet"):
            connection.execute(f"create view {path.stem} as from '{path}'")
        for path in (folder / "truth").glob("*.parquet"):
            connection.execute(f"create view true_{path.stem} as from '{path}'")
        connection.execute("create table holidays (day date)")
        holidays = [[day] for day in TOWN.holidays([2025])]
        connection.executemany("insert into holidays values (?)", holidays)
        return connection.execute(question).df()


def test_same_options_give_same_files_whatever_the_chunks_and_threads(town: Path, tmp_path: Path) -> None:
    again = generate(TOWN, tmp_path / "again", readings_per_chunk=1, threads=1).folder
    names = sorted(str(path.relative_to(town)) for path in town.rglob("*.parquet"))
    assert names == sorted(str(path.relative_to(again)) for path in again.rglob("*.parquet"))
    for name in names:
        assert pq.read_table(town / name).equals(pq.read_table(again / name)), name
        assert len(pq.read_table(town / name)) > 0, name


def test_every_file_of_the_contract_loads_without_a_reject(town: Path, tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        results = {
            result.table_name: result for result in load_source_folder(desk.connection, town) if result.table_name
        }
        assert results.keys() == SOURCES
        for name, result in results.items():
            assert (result.state, result.rows_rejected, result.rows_replaced) == ("loaded", 0, 0), name
            assert (result.missing, result.unread) == ((), ()), name
            assert result.rows_accepted == len(pq.read_table(town / f"{name}.parquet"))
            assert desk.rows(f"select count(*) from raw.{name}") == [(result.rows_in,)]
        known = load_outages(desk.connection, town / "outages.parquet", None)
        assert known.interruptions == len(pq.read_table(town / "outages.parquet"))


def test_what_is_true_stands_in_the_truth_only(town: Path) -> None:
    for path in town.glob("*.parquet"):
        columns = set(pq.read_schema(path).names)
        assert not columns & {
            "archetype", "flexible_fraction", "willingness", "kind", "is_recorded", "enrolment_probability",
            "has_central_cooling", "true_kwh", "true_amount", "change_kwh", "severity",
        }, path.name  # fmt: skip


# --- premises and attributes -----------------------------------------------------------------------------------------


def test_service_points_hang_on_transformers_and_those_on_feeders() -> None:
    network = draw_network(SyntheticOptions(customers=20_000))
    per_transformer = np.diff(network.first_point)[:-1]
    assert per_transformer.min() >= 8
    assert per_transformer.max() <= 22
    assert per_transformer.mean() == pytest.approx(15, abs=0.5)
    feeder = network.feeder[network.transformer]
    assert np.bincount(feeder).mean() == pytest.approx(150, abs=12)
    assert (np.diff(network.transformer) >= 0).all()
    assert (np.diff(feeder) >= 0).all()
    assert len({area_name(number) for number in range(500)}) == 500
    assert len(set(STREETS)) == len(STREETS)


@pytest.mark.parametrize("customers", [1, 7, 8, 23, 64])
def test_small_networks_are_whole(customers: int) -> None:
    network = draw_network(SyntheticOptions(customers=customers))
    assert len(network.transformer) == customers
    assert network.first_point[-1] == customers
    assert network.first_transformer[-1] == len(network.first_point) - 1 == len(network.feeder)
    assert (np.diff(network.first_point) > 0).all()


def test_each_service_point_has_one_place(town: Path) -> None:
    premises = ask(town, "select * from premises")
    assert premises.service_point_id.is_unique
    assert set(premises.service_point_id) == set(ask(town, "select distinct service_point_id as id from readings").id)
    assert (premises.groupby("transformer_id").feeder_id.nunique() == 1).all()
    assert (premises.groupby("transformer_id").street.nunique() == 1).all()
    assert (premises.groupby("feeder_id").area.nunique() == 1).all()
    assert premises.floor_area_m2.between(15, 2000).all()
    classes = ask(town, "select distinct service_point_id, customer_class from customers").set_index("service_point_id")
    of_home = premises.premise_type.isin(["house", "flat"])
    is_home = classes.customer_class[premises.service_point_id].eq("residential").to_numpy()
    assert (of_home == is_home).all()


def test_last_version_of_attributes_is_what_customers_say(town: Path) -> None:
    differ = """
        select * from customers
        join (select customer_id, arg_max(has_consent, known_from_date) as consent,
            arg_max(has_medical_need, known_from_date) as need from customer_attributes group by all)
            using (customer_id)
        where has_consent <> consent or has_medical_need <> need
    """
    assert ask(town, differ).empty
    counts = ask(
        town,
        """
        select count(*) as versions, count(distinct customer_id) as customers,
            count(distinct (customer_id, known_from_date)) as keys,
            (select count(distinct customer_id) from customers) as expected,
            max(known_from_date) < '2025-12-01' as in_time,
        from customer_attributes
        """,
    ).iloc[0]
    assert counts.versions == counts["keys"]
    assert counts.customers == counts.expected
    assert counts.customers * 1.03 < counts.versions < counts.customers * 1.15
    assert counts.in_time
    before_arrival = """
        select * from customer_attributes join customers using (customer_id) where known_from_date < valid_from
    """
    assert ask(town, before_arrival).empty


def test_attributes_differ_between_versions(town: Path) -> None:
    same = """
        select customer_id from customer_attributes where tenure is not null group by customer_id
        having count(*) > 1
            and count(distinct (tenure, household_size, income_band, has_consent, has_medical_need)) = 1
    """
    assert ask(town, same).empty


# --- tariffs and bills -----------------------------------------------------------------------------------------------

# Bills priced anew from the readings that count: the last version of each, once; nothing of this comes from the package.
PRICED = f"""
    with accepted as (
        select service_point_id, {LOCAL}::date as day, hour({LOCAL}) as hour,
            arg_max(kwh, version)::decimal(18, 4) as kwh
        from readings where channel = 'delivered'
        group by service_point_id, interval_start_at
    ),
    daily as (
        select service_point_id, day,
            if(dayofweek(day) in (0, 6) or day in (from holidays), 'weekend', 'weekday') as day_type, hour, sum(kwh) as kwh
        from accepted group by all
    ),
    energy as (
        select bill_id, sum(kwh) as kwh, sum(kwh * price_per_kwh::decimal(9, 4)) as money
        from bills
        join daily on daily.service_point_id = bills.service_point_id
            and day >= cycle_start_date and day < cycle_end_date
        join tariffs on tariffs.tariff_id = bills.tariff_id
            and day >= valid_from_date and (valid_to_date is null or day < valid_to_date)
            and tariffs.day_type in ('all', daily.day_type) and hour >= start_hour and hour < end_hour
        group by bill_id
    ),
    fixed as (
        select bill_id, count(*) as days, sum(fixed_per_day::decimal(9, 4)) as money
        from bills
        join (select unnest(range(date '2025-03-01', date '2025-12-01', interval 1 day))::date as day) as days
            on day >= cycle_start_date and day < cycle_end_date
        join (select distinct tariff_id, valid_from_date, valid_to_date, fixed_per_day from tariffs) as tariffs
            on tariffs.tariff_id = bills.tariff_id
            and day >= valid_from_date and (valid_to_date is null or day < valid_to_date)
        group by bill_id
    ),
    priced as (
        select bills.*, energy.kwh as kwh, round(energy.money + fixed.money, 2)::double as price, days, true_wrong_bills.kind,
            true_cycle_start_date, true_kwh, true_amount
        from bills join energy using (bill_id) join fixed using (bill_id) left join true_wrong_bills using (bill_id)
    )
"""


def test_bills_are_tariff_times_readings_but_for_the_planted_ones(town: Path) -> None:
    priced = ask(town, f"{PRICED} select * from priced")
    assert len(priced) == len(ask(town, "from bills")) > 2500
    right = priced[priced.kind.isna()]
    assert (right.billed_kwh - right.kwh.astype(float)).abs().max() < 1e-9
    assert (right.amount - right.price).abs().max() < 1e-9
    assert (right.days == (right.cycle_end_date - right.cycle_start_date).dt.days).all()


def test_planted_bills_are_wrong_in_the_way_that_is_told(town: Path) -> None:
    wrong = ask(town, f"{PRICED} select * from priced where kind is not null")
    assert set(wrong.kind) == {"factor", "estimated too high", "wrong tariff", "double cycle"}
    kwh = wrong.kwh.astype(float)
    by_kind = {kind: wrong.kind == kind for kind in set(wrong.kind)}
    times = (wrong.billed_kwh / kwh)[by_kind["factor"]]
    assert np.isclose(times.to_numpy()[:, None], [10, 2, 0.1], rtol=1e-4).any(axis=1).all()
    assert (wrong.billed_kwh / kwh)[by_kind["estimated too high"]].between(1.39, 2.51).all()
    of_tariff = wrong[by_kind["wrong tariff"]]
    assert (of_tariff.billed_kwh - of_tariff.kwh.astype(float)).abs().max() < 1e-9
    assert ((of_tariff.amount - of_tariff.price).abs() > 0.01).mean() > 0.9
    twice = wrong[by_kind["double cycle"]]
    assert (twice.cycle_start_date < twice.true_cycle_start_date).all()
    assert (
        wrong[~by_kind["double cycle"]].cycle_start_date == wrong[~by_kind["double cycle"]].true_cycle_start_date
    ).all()
    share = len(wrong) / len(ask(town, "from bills"))
    assert share == pytest.approx(0.06, abs=0.015)


def test_cycles_of_a_service_point_follow_each_other(town: Path) -> None:
    gaps = """
        select * from (
            select bills.*, coalesce(true_cycle_start_date, cycle_start_date) as starts,
                lag(cycle_end_date) over (partition by service_point_id order by cycle_end_date) as before
            from bills left join true_wrong_bills using (bill_id)
        ) where before is not null and starts <> before
    """
    assert ask(town, gaps).empty
    bills = ask(town, "select *, cycle_end_date - cycle_start_date as days from bills")
    assert bills.bill_id.is_unique
    assert bills.days.between(1, 62).all()
    boundaries = bills.cycle_start_date.dt.day.value_counts(normalize=True)
    assert len(boundaries) >= 28
    assert boundaries.max() < 0.1


def test_a_bill_goes_to_the_customer_of_its_cycle(town: Path) -> None:
    strangers = """
        select bill_id from bills
        anti join customers on customers.customer_id = bills.customer_id
            and customers.service_point_id = bills.service_point_id
            and cycle_start_date >= coalesce(valid_from, '1900-01-01') and cycle_end_date <= coalesce(valid_to, '2100-01-01')
    """
    assert ask(town, strangers).empty
    business = """
        select bill_id from bills join customers using (customer_id, service_point_id)
        where (customer_class = 'small_business') <> (tariff_id = 'BUSINESS')
    """
    assert ask(town, business).empty


def test_prices_change_once_in_the_year(town: Path) -> None:
    def changes(options: SyntheticOptions) -> list[date]:
        return sorted({row["valid_from_date"] for row in tariff_rows(options)})[1:]

    assert changes(TOWN) == [date(2025, 9, 1)]
    assert changes(SyntheticOptions()) == [date(2025, 7, 1)]
    assert changes(SyntheticOptions(months=24)) == [date(2025, 7, 1), date(2026, 7, 1)]
    hours = ask(
        town,
        """
        select tariff_id, valid_from_date, day_type, sum(end_hour - start_hour) as hours from tariffs group by all
        """,
    )
    assert (hours.hours == 24).all()


def test_payments_come_after_the_bill_and_some_never(town: Path) -> None:
    bills = ask(town, "select *, paid_on - issued_on as after, due_on - issued_on as due from bills")
    assert (bills.due == 21).all()
    assert (bills.after.dropna() > 0).all()
    assert bills.issued_on.max() < pd.Timestamp("2025-12-01")
    assert bills.paid_on.dropna().max() < pd.Timestamp("2025-12-01")
    settled = bills[bills.issued_on < "2025-06-01"]
    assert 0.005 < settled.paid_on.isna().mean() < 0.12
    assert 0.1 < (settled.after > 21).mean() < 0.5
    # Arrears belong to customers, not to bills.
    late = settled.assign(late=settled.paid_on.isna() | (settled.after > 21)).groupby("customer_id").late.mean()
    assert ((late == 0) | (late == 1)).mean() > 0.95


# --- outages ---------------------------------------------------------------------------------------------------------


def test_outages_hit_what_hangs_together(town: Path) -> None:
    question = """
        select outage_id, count(*) as points, count(distinct feeder_id) as feeders,
            count(distinct transformer_id) as transformers
        from true_outages join premises using (service_point_id) group by all
    """
    outages = ask(town, question)
    assert (outages.feeders == 1).all()
    points = outages.groupby(
        np.where(outages.transformers > 1, "feeder", np.where(outages.points > 1, "transformer", "one"))
    )
    assert points.points.sum()["feeder"] > 0.25 * outages.points.sum()
    assert points.points.sum()["transformer"] > 0.15 * outages.points.sum()
    # Everything on a transformer fails together.
    split = """
        with members as (select transformer_id, count(*) as points from premises group by all),
        hit as (
            select outage_id, transformer_id, count(*) as points
            from true_outages join premises using (service_point_id) group by all
        )
        select * from hit join members using (transformer_id) where hit.points not in (1, members.points)
    """
    assert ask(town, split).empty


def test_outages_are_as_many_as_the_option_says() -> None:
    lasting, momentary, stormy = [], [], []
    months = [local_month(SyntheticOptions(), index) for index in range(12)]
    for seed in range(30):
        options = SyntheticOptions(customers=3000, seed=seed)
        network = draw_network(options)
        for month in months:
            storms = draw_storms(options, month)
            outages = draw_outages(options, network, month, storms)
            assert outages is not None
            points = outages.end_point - outages.first_point
            assert (points > 0).all()
            lasting.append(points[outages.length > 0].sum() / 3000)
            momentary.append(points[outages.length == 0].sum() / 3000)
            during = (outages.start_at[:, None] >= storms.start_at - 3_600_000_000) & (
                outages.start_at[:, None] < storms.end_at + 3_600_000_000
            )
            weather = outages.cause == OUTAGE_CAUSES.index("weather")
            assert during[weather].any(axis=1).all()
            stormy.append(points[during.any(axis=1)].sum() / 3000)
    assert np.sum(lasting) / 30 == pytest.approx(0.5, rel=0.15)
    assert np.sum(momentary) / 30 == pytest.approx(0.4, rel=0.15)
    assert 0.4 < np.sum(stormy) / (np.sum(lasting) + np.sum(momentary)) < 0.6


def test_outages_of_storms_alone_or_without_storms() -> None:
    month = local_month(SyntheticOptions(), 6)
    for fraction, causes in ((0.0, {0, 2, 3, 4}), (1.0, {0, 1, 2})):
        options = SyntheticOptions(customers=5000, storm_outage_fraction=fraction, outages_per_customer_year=20)
        outages = draw_outages(options, draw_network(options), month, draw_storms(options, month))
        assert outages is not None
        assert set(outages.cause.tolist()) == causes


def test_momentary_outages_leave_no_trace_in_hourly_readings(tmp_path: Path) -> None:
    clean = SyntheticOptions(customers=60, months=1).without_faults()
    blinking = replace(clean, momentary_outages_per_customer_year=40)
    one, other = (generate(each, tmp_path / str(number)).folder for number, each in enumerate((clean, blinking)))
    same = (pq.read_table(folder / "readings").to_pandas() for folder in (one, other))
    assert next(same).equals(next(same))
    lengths = ask(other, "select epoch(restored_at - started_at) as seconds from true_outages").seconds
    assert len(lengths) > 50
    assert lengths.between(5, 240).all()


# --- contacts --------------------------------------------------------------------------------------------------------


def test_contacts_about_outages_come_from_where_the_light_is_out(town: Path) -> None:
    calls = ask(
        town,
        """
        select contacted_at - started_at as after, contacted_at - restored_at as after_end,
            outages.outage_id is null as is_unknown
        from contacts join true_contacts using (contact_id)
        left join true_outages as outages
            on outages.outage_id = true_contacts.outage_id and outages.service_point_id = true_contacts.service_point_id
        where true_contacts.topic = 'outage'
        """,
    )
    assert len(calls) > 100
    assert not calls.is_unknown.any()
    assert (calls.after >= pd.Timedelta(0)).all()
    assert (calls.after_end < pd.Timedelta(minutes=46)).all()
    assert ask(town, "from true_contacts where (topic = 'outage') <> (outage_id is not null)").empty


def test_contacts_in_outages_lie_on_zero_readings(town: Path) -> None:
    """Each call during a lasting outage meets a reading of zero or a gap in the hour in which the outage began."""
    lit = """
        select contact_id, kwh from true_contacts
        join true_outages using (outage_id, service_point_id)
        join readings on readings.service_point_id = true_contacts.service_point_id
            and interval_start_at = timezone('UTC', started_at)
        where restored_at - started_at >= interval 1 hour and kwh <> 0
    """
    assert ask(town, lit).empty


def test_half_of_the_contacts_do_not_say_who_and_none_says_wrongly(town: Path) -> None:
    contacts = ask(
        town,
        """
        select contacts.*, true_contacts.customer_id as true_customer_id, true_contacts.topic as true_topic,
            service_point_id, street, area
        from contacts join true_contacts using (contact_id) join premises using (service_point_id)
        """,
    )
    assert len(contacts) == len(ask(town, "from contacts"))
    named = contacts[contacts.customer_id.notna()]
    assert 0.35 < len(named) / len(contacts) < 0.65
    assert (named.customer_id == named.true_customer_id).all()
    assert contacts.contact_id.is_unique
    topics = contacts[contacts.topic.notna()]
    assert (topics.topic == topics.true_topic).all()
    assert set(contacts.topic.dropna()) == {"outage", "bill", "program", "voltage", "other"}
    assert contacts.tone.dropna().between(-1, 1).all()
    assert (
        contacts.tone[contacts.true_topic == "outage"].mean()
        < contacts.tone[contacts.true_topic == "other"].mean() - 0.2
    )
    placed = contacts[contacts.place_words.notna()]
    right = [words in (street, area, f"{street}, {area}") for words, street, area in zip(
        placed.place_words, placed.street, placed.area, strict=True
    )]  # fmt: skip
    assert 0.7 < np.mean(right) < 0.9
    assert all(place in text for place, text in zip(placed.place_words, placed.contact_text, strict=True))
    strangers = """
        select contact_id from contacts join true_contacts using (contact_id)
        anti join customers on customers.customer_id = true_contacts.customer_id
            and customers.service_point_id = true_contacts.service_point_id
    """
    assert ask(town, strangers).empty


def test_high_bills_lead_to_contacts(town: Path) -> None:
    rate = ask(
        town,
        """
        with steps as (
            select bill_id, service_point_id, amount / lag(amount) over (
                partition by service_point_id, customer_id order by cycle_end_date) as ratio
            from bills where issued_on < '2025-11-15'
        ),
        asked as (select distinct bill_id, true as is_asked from true_contacts where bill_id is not null)
        select ratio > 1.8 as is_high, avg(coalesce(is_asked, false)::int) as share, count(*) as bills
        from steps left join asked using (bill_id) where ratio is not null group by all order by 1
        """,
    )
    assert rate.bills.min() > 30
    assert rate.share[1] > 5 * rate.share[0]


def test_misspelling_keeps_words_close() -> None:
    for choice in np.linspace(0, 0.999, 50):
        wrong = misspelt("Orchard Lane", float(choice))
        assert wrong != "Orchard Lane" or "aa" in wrong
        assert wrong[0] == "O"
        assert abs(len(wrong) - 12) <= 1
    assert misspelt("Oh", 0.5) == "Oh"


# --- all together ----------------------------------------------------------------------------------------------------


def test_weather_drives_the_load(town: Path) -> None:
    days = ask(
        town,
        f"""
        with load as (select {LOCAL}::date as day, sum(kwh) as kwh from readings
            where channel = 'delivered' and version = 0 group by all),
        air as (select timezone('America/New_York', observed_at)::date as day, avg(temperature_c) as celsius
            from weather group by all)
        select kwh, celsius from load join air using (day)
        where month(day) between 6 and 8 and dayofweek(day) between 1 and 5 and day not in (from holidays)
        """,
    )
    assert len(days) > 60
    assert days.kwh.corr(days.celsius) > 0.7


@pytest.mark.parametrize(
    "options",
    [
        SyntheticOptions(customers=1, months=1),
        SyntheticOptions(customers=70, months=2, first_date=date(2025, 6, 1), time_zone="Australia/Lord_Howe", latitude=-31),
        SyntheticOptions(customers=30, months=1, first_date=date(2025, 7, 1), interval_minutes=5),
        SyntheticOptions(customers=66, months=1, small_business_fraction=1, holiday_calendar=""),
        SyntheticOptions(
            customers=40, months=1, first_date=date(2025, 7, 1), time_zone="Asia/Kolkata", holiday_calendar="IN",
            offer_fraction=1, event_days_per_year=60, wrong_bill_fraction=1, contact_factor=20,
        ),
        SyntheticOptions(customers=20, months=3, offer_fraction=0, contact_factor=0, outages_per_customer_year=0),
    ],
)  # fmt: skip
def test_unusual_utilities_are_whole(options: SyntheticOptions, tmp_path: Path) -> None:
    folder = generate(options, tmp_path / "utility").folder
    with desk_in(tmp_path) as desk:
        results = [result for result in load_source_folder(desk.connection, folder) if result.table_name]
        assert {result.table_name for result in results} == SOURCES
        assert all((result.state, result.rows_rejected) == ("loaded", 0) for result in results)
