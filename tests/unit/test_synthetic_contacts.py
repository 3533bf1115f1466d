"""What customers add to their first sentence: true but for slips, as often as the page says, and nothing else changes."""

import re
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from peakwise.synthetic import SyntheticOptions, contact_details, generate, records
from peakwise.synthetic.contact_texts import TEXTS

# A talkative town with many outages, so that each kind of detail is said often.
TOWN = SyntheticOptions(
    customers=900,
    first_date=date(2025, 3, 1),
    months=6,
    outages_per_customer_year=4,
    contact_factor=20,
    mover_fraction=0.2,
    offer_fraction=0.3,
)
FIGURE = re.compile(r"\$?(\d[\d,]*\.\d\d)")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(TOWN, tmp_path_factory.mktemp("town") / "utility").folder


@pytest.fixture(scope="module")
def contacts(town: Path) -> pd.DataFrame:
    with duckdb.connect() as connection:
        return connection.execute(f"""
            select contacts.*, truth.customer_id as true_customer_id, truth.service_point_id, truth.topic as true_topic,
                truth.outage_id, truth.bill_id, bills.amount, bills.issued_on, bills.due_on
            from '{town}/contacts.parquet' as contacts join '{town}/truth/contacts.parquet' as truth using (contact_id)
            left join '{town}/bills.parquet' as bills using (bill_id)
            order by contact_id
        """).df()


def test_details_change_nothing_but_the_end_of_texts(
    town: Path, contacts: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "said_besides", lambda _utility, _setting, _contacts, _is_post, texts: texts)
    plain = generate(TOWN, tmp_path / "plain").folder
    for name in ("bills", "truth/contacts", "outages", "program_enrolments", "event_participation"):
        assert pd.read_parquet(plain / f"{name}.parquet").equals(pd.read_parquet(town / f"{name}.parquet")), name
    before, after = (pd.read_parquet(folder / "contacts.parquet") for folder in (plain, town))
    assert before.drop(columns="contact_text").equals(after.drop(columns="contact_text"))
    assert all(new.startswith(old) for old, new in zip(before.contact_text, after.contact_text, strict=True))
    is_longer = before.contact_text != after.contact_text
    assert 0.2 < is_longer.mean() < 0.8
    assert len(contacts) == len(after) > 1000


def test_amounts_to_the_cent_are_those_of_the_bill_but_for_exchanged_digits(contacts: pd.DataFrame) -> None:
    bills = contacts[contacts.true_topic == "bill"]
    said = bills.contact_text.str.extract(FIGURE)[0].dropna().str.replace(",", "").astype(float)
    assert len(said) > 50
    amounts = bills.amount[said.index]
    is_right = np.isclose(said, amounts)
    assert 0.9 < is_right.mean() <= 1
    wrong = [(f"{one:.2f}", f"{other:.2f}") for one, other in zip(said[~is_right], amounts[~is_right], strict=True)]
    assert all(sorted(one) == sorted(other) or len(one) < len(other) for one, other in wrong)


def test_an_amount_is_said_as_often_as_the_page_says(contacts: pd.DataFrame) -> None:
    bills = contacts[contacts.true_topic == "bill"]
    has_amount = bills.contact_text.str.contains(
        r"You charge me|The bill says|want .* from me|for one month", regex=True
    )
    is_on_an_amount = bills.contact_text.str.startswith(("I cannot pay", *TEXTS[1][1]))
    for share, group in ((0.6, is_on_an_amount), (0.15, ~is_on_an_amount)):
        number = int(group.sum())
        assert number > 100
        assert has_amount[group].mean() == pytest.approx(share, abs=4 * (share * (1 - share) / number) ** 0.5)


def test_posts_say_less_but_for_amounts(contacts: pd.DataFrame) -> None:
    dated = contacts[contacts.true_topic == "bill"].assign(
        says_month=lambda rows: rows.contact_text.str.contains(r"I mean the \w+ bill|It is the bill for", regex=True)
    )
    is_post = dated.channel == "social"
    assert dated.says_month[is_post].mean() < 0.75 * dated.says_month[~is_post].mean()


def test_outages_are_counted_from_the_truth_but_for_miscounts(town: Path, contacts: pd.DataFrame) -> None:
    counted = contacts[
        contacts.contact_text.str.contains(r"this (?:month|year)[.!]", regex=True) & contacts.outage_id.notna()
    ]
    assert len(counted) > 50
    outages = pd.read_parquet(town / "truth" / "outages.parquet")
    outages = outages[outages.restored_at - outages.started_at > pd.Timedelta(minutes=5)]
    customers = pd.read_parquet(town / "customers.parquet")
    starts = customers[["customer_id", "service_point_id", "valid_from"]]
    differences = []
    for row in counted.itertuples():
        number = next(
            place for place, word in enumerate(contact_details.ORDINALS) if word and f" {word} " in row.contact_text
        )
        days = 31 if "this month" in row.contact_text else 365
        own = outages[outages.service_point_id == row.service_point_id]
        until = own.started_at[own.outage_id == row.outage_id].iloc[0]
        tenure = starts[
            (starts.customer_id == row.true_customer_id) & (starts.service_point_id == row.service_point_id)
        ]
        since = tenure.valid_from.iloc[0]
        moved_in = (
            pd.Timestamp("1900-01-01", tz="UTC") if pd.isna(since) else pd.Timestamp(since, tz="America/New_York")
        )
        is_counted = (own.started_at <= until) & (own.started_at > until - pd.Timedelta(days=days))
        differences.append(number - int((is_counted & (own.started_at >= moved_in)).sum()))
    assert set(differences) <= {-1, 0, 1}
    assert 0.8 < np.mean(np.array(differences) == 0) < 1


def test_what_is_said_of_equipment_and_dates_is_there(town: Path, contacts: pd.DataFrame) -> None:
    truth = (
        pd.read_parquet(town / "truth" / "customers.parquet").groupby("customer_id")[["has_solar", "has_vehicle"]].any()
    )
    for words, trait in (("panels", "has_solar"), ("car", "has_vehicle")):
        speakers = contacts[contacts.contact_text.str.contains(rf"\b{words}\b", regex=True)]
        assert len(speakers) > 3
        assert truth.loc[speakers.true_customer_id, trait].all(), trait
    due = contacts.dropna(subset="due_on")
    said = due.contact_text.str.extract(r"It is due on (?:(\d+) (\w+)|(\w+) (\d+))")
    said = said.dropna(how="all")
    assert len(said) > 10
    for index, row in said.iterrows():
        day, month = (row[0], row[1]) if isinstance(row[0], str) else (row[3], row[2])
        assert (int(day), month) == (due.due_on[index].day, due.due_on[index].strftime("%B"))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(4, "10 minutes"), (38, "40 minutes"), (55, "an hour"), (140, "two hours"), (900, "15 hours")],
)
def test_durations_are_rounded_as_people_do(minutes: float, words: str) -> None:
    assert contact_details._duration(minutes) == words


def test_digits_are_exchanged_with_their_neighbour() -> None:
    assert contact_details._with_exchanged_digits(24317, 0.0) == 42317
    assert contact_details._with_exchanged_digits(24317, 0.99) == 24371
    assert contact_details._with_exchanged_digits(7, 0.5) == 7
