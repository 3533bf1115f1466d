"""Bills: monthly cycles, staggered by service point, priced exactly; a few of them wrong in known ways."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.attributes import PAYMENTS
from peakwise.synthetic.faults import DECIMALS
from peakwise.synthetic.local_clock import month_after
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.population import Population, is_residential
from peakwise.synthetic.random_streams import Purpose, stream
from peakwise.synthetic.readings import BlockMonth, MonthSetting
from peakwise.synthetic.tariffs import (
    BUSINESS,
    FLAT,
    PRICE_DECIMALS,
    TIME_OF_USE,
    energy_money_per_day,
    energy_per_day,
    fixed_money_per_day,
    version_of_month,
)

MONEY_PER_CENT = 10 ** (DECIMALS + PRICE_DECIMALS - 2)
WRONG_KINDS = ("factor", "estimated too high", "wrong tariff", "double cycle")
WRONG_KIND_SHARES = (0.3, 0.3, 0.2, 0.2)
FACTORS = (10.0, 2.0, 0.1)
ESTIMATED_HIGH = (1.4, 2.5)
LEAST_WRONG_UNITS = 20 * 10**DECIMALS  # nobody could notice a wrong bill of less
ISSUED_AFTER_DAYS = (2, 5)
DUE_AFTER_DAYS = 21
PROMPT, LATE, IN_ARREARS = range(len(PAYMENTS))
NEVER_PAID = 0.35  # of the bills of customers in arrears
# Columns of the account of a cycle, all whole numbers: energy, then money by the right tariff and by another one.
UNITS, ENERGY, FIXED, OTHER_ENERGY, OTHER_FIXED = range(5)


@dataclass(frozen=True)
class Bills:
    """Bills as parallel arrays.

    Attributes:
        point, agreement: Positions.
        start_day, end_day: The cycle in local days since the utility's first (end excluded).
        tariff: Position in TARIFF_IDS.
        units: Billed energy in whole numbers of the last decimal.
        cents: Amount.
        issued_day, due_day, paid_day: Local days; paid_day is -1 while unpaid.
        wrong: Position in WRONG_KINDS, -1 for a right bill.
        true_start_day, true_units, true_cents: What the bill should say.
        cents_before: Amount of the same customer's bill before, 0 when there is none.
    """

    point: np.ndarray
    agreement: np.ndarray
    start_day: np.ndarray
    end_day: np.ndarray
    tariff: np.ndarray
    units: np.ndarray
    cents: np.ndarray
    issued_day: np.ndarray
    due_day: np.ndarray
    paid_day: np.ndarray
    wrong: np.ndarray
    true_start_day: np.ndarray
    true_units: np.ndarray
    true_cents: np.ndarray
    cents_before: np.ndarray

    def __len__(self) -> int:
        return len(self.point)


def tariff_of(population: Population) -> np.ndarray:
    """Per agreement: position of its tariff in TARIFF_IDS."""
    home_tariff = np.where(population.attributes.has_time_of_use, TIME_OF_USE, FLAT)
    return np.where(is_residential(population.agreements), home_tariff, BUSINESS)


class BillBook:
    """Open cycles of all service points; months and blocks must come in their order."""

    def __init__(self, options: SyntheticOptions, population: Population) -> None:
        points = population.service_points
        self.options = options
        self.population = population
        self.end_day = (month_after(options.first_date, options.months) - options.first_date).days
        self.tariff = tariff_of(population)
        self.agreement = np.arange(points)
        self.opened_day = np.full(points, -1)
        self.account = np.zeros((points, 5), np.int64)
        self.account_before = np.zeros((points, 5), np.int64)
        self.opened_day_before = np.full(points, -1)
        self.cents_before = np.zeros(points, np.int64)

    def bills_of(self, result: BlockMonth, setting: MonthSetting) -> Bills:
        """The bills of cycles that end in a month, for one block; a move ends one at once."""
        month, points = setting.month, result.points
        agreements = self.population.agreements
        version = version_of_month(setting.index)
        energy = _running_total(energy_per_day(month, result.accepted_units))
        money = _running_total(energy_money_per_day(month, version, result.accepted_units))
        fixed = fixed_money_per_day(version)
        following = self.population.next_agreement[points]
        move = np.where(following >= 0, agreements.starts_on_day[following] - month.first_day_since_start, month.days)
        move = np.where((move >= 0) & (move < month.days), move, month.days)
        boundary = self.population.premises.cycle_day[points] - 1
        draws = stream(self.options.seed, Purpose.BILLS, result.block, setting.number).random((2, 6, len(points)))

        rows = np.arange(len(points))
        since = np.zeros(len(points), np.int64)
        parts = []

        def add_until(until: np.ndarray) -> None:
            own = self.tariff[self.agreement[points]]
            other = np.where(own == FLAT, TIME_OF_USE, FLAT)
            days = until - since
            account = self.account[points]
            account[:, UNITS] += energy[rows, until] - energy[rows, since]
            for tariff, energy_column, fixed_column in ((own, ENERGY, FIXED), (other, OTHER_ENERGY, OTHER_FIXED)):
                account[:, energy_column] += money[tariff, rows, until] - money[tariff, rows, since]
                account[:, fixed_column] += fixed[tariff] * days
            self.account[points] = account
            since[:] = until

        for cut, of_cut in zip((np.minimum(boundary, move), np.maximum(boundary, move)), draws, strict=True):
            ends = (cut < month.days) & ((cut > since) | (since == 0))
            add_until(np.where(ends, cut, since))
            day = month.first_day_since_start + cut
            closes = ends & (self.opened_day[points] >= 0) & (day > self.opened_day[points])
            parts.append(self._close(points[closes], day[closes], of_cut[:, closes]))
            begins = points[ends]
            self.account[begins] = 0
            self.opened_day[begins] = day[ends]
            moves = ends & (cut == move)
            self.agreement[points[moves]] = following[moves]
            self.opened_day_before[points[moves]] = -1
            self.cents_before[points[moves]] = 0
        add_until(np.full(len(points), month.days))
        return joined_bills(parts)

    def _close(self, points: np.ndarray, day: np.ndarray, draws: np.ndarray) -> Bills:
        """Bill what stands in the accounts of these service points."""
        account, before = self.account[points], self.account_before[points]
        true_units, true_cents = account[:, UNITS], _cents(account[:, ENERGY] + account[:, FIXED])
        wrong = np.searchsorted(np.cumsum(WRONG_KIND_SHARES)[:-1], draws[1], side="right")
        no_bill_before = self.opened_day_before[points] < 0
        wrong = np.where((wrong == WRONG_KINDS.index("double cycle")) & no_bill_before, 1, wrong)
        is_wrong = (draws[0] < self.options.wrong_bill_fraction) & (true_units >= LEAST_WRONG_UNITS)
        wrong = np.where(is_wrong, wrong, -1)

        factor = np.array(FACTORS)[(draws[2] * len(FACTORS)).astype(np.int64)]
        high = ESTIMATED_HIGH[0] + draws[2] * (ESTIMATED_HIGH[1] - ESTIMATED_HIGH[0])
        times = np.where(wrong == 0, factor, np.where(wrong == 1, high, 1.0))
        units = np.rint(true_units * times).astype(np.int64)
        money = np.where(times == 1.0, account[:, ENERGY], np.rint(account[:, ENERGY] * times).astype(np.int64))
        money = money + account[:, FIXED]
        money = np.where(wrong == 2, account[:, OTHER_ENERGY] + account[:, OTHER_FIXED], money)
        twice = wrong == 3
        units += np.where(twice, before[:, UNITS], 0)
        money += np.where(twice, before[:, ENERGY] + before[:, FIXED], 0)

        start = self.opened_day[points]
        cents = _cents(money)
        low, late = ISSUED_AFTER_DAYS
        issued = day + low + (draws[3] * (late + 1 - low)).astype(np.int64)
        agreement = self.agreement[points]
        bills = Bills(
            point=points,
            agreement=agreement,
            start_day=np.where(twice, self.opened_day_before[points], start),
            end_day=day,
            tariff=self.tariff[agreement],
            units=units,
            cents=cents,
            issued_day=issued,
            due_day=issued + DUE_AFTER_DAYS,
            paid_day=self._paid_day(agreement, issued, draws[4], draws[5]),
            wrong=wrong,
            true_start_day=start,
            true_units=true_units,
            true_cents=true_cents,
            cents_before=self.cents_before[points],
        )
        self.account_before[points] = account
        self.opened_day_before[points] = start
        self.cents_before[points] = cents
        # What has not been issued by the end of the history is not on file.
        return _some(bills, np.flatnonzero(issued < self.end_day))

    def _paid_day(self, agreement: np.ndarray, issued: np.ndarray, when: np.ndarray, whether: np.ndarray) -> np.ndarray:
        """Day on which a bill is paid; -1 for never, or not by the end of the history."""
        payment = self.population.attributes.payment[agreement]
        after = np.choose(payment, [1 + 19 * when, DUE_AFTER_DAYS + 1 + 45 * when, DUE_AFTER_DAYS + 10 + 150 * when])
        paid = issued + after.astype(np.int64)
        is_paid = (paid < self.end_day) & ~((payment == IN_ARREARS) & (whether < NEVER_PAID))
        return np.where(is_paid, paid, -1)


def joined_bills(parts: list[Bills]) -> Bills:
    """Bills one after another."""
    return Bills(*(np.concatenate([getattr(part, name) for part in parts]) for name in Bills.__dataclass_fields__))


def _some(bills: Bills, index: np.ndarray) -> Bills:
    return Bills(*(getattr(bills, name)[index] for name in Bills.__dataclass_fields__))


def _running_total(values: np.ndarray) -> np.ndarray:
    """Totals before each day, and after the last, along the last axis."""
    total = np.zeros((*values.shape[:-1], values.shape[-1] + 1), np.int64)
    np.cumsum(values, axis=-1, out=total[..., 1:])
    return total


def _cents(money: np.ndarray) -> np.ndarray:
    """Money in whole cents, half a cent upwards."""
    return (money + MONEY_PER_CENT // 2) // MONEY_PER_CENT
