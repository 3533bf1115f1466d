"""What a utility knows of its customers beside their readings, and the traits behind it that it does not know."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.random_streams import Purpose, stream

TENURES = ("owner", "tenant")
INCOME_BANDS = ("low", "middle", "high")
LANGUAGES = ("en", "es", "other")
LANGUAGE_SHARES = (0.82, 0.13, 0.05)
PAYMENTS = ("prompt", "late", "in arrears")
CHANGES = ("household_size", "income_band", "has_consent", "tenure", "has_medical_need")
CHANGE_SHARES = (0.40, 0.25, 0.20, 0.10, 0.05)
CHANGES_PER_YEAR = 0.12  # of customers
UNKNOWN_TENURE = 0.06
MOST_PEOPLE = 7
EARLIER_DAYS = (30, 3000)  # before the history, when a customer of the first day came
# How traits move the logit of enrolling when asked (docs/causal-model.md).
OWNER_IS_WILLING = 0.45
LOW_INCOME_IS_WILLING = -0.5
PEOPLE_ARE_WILLING = 0.12
MEAN_OWNERS, MEAN_LOW_INCOME, MEAN_PEOPLE = 0.65, 0.2, 2.4


@dataclass(frozen=True)
class Attributes:
    """One entry per agreement; the agreements of a customer have the same.

    Attributes:
        tenure: Position in TENURES, -1 unknown to the utility.
        household_size: People; 0 for businesses, which have none.
        income_band: Position in INCOME_BANDS, -1 for businesses.
        is_low_income: On the list of low incomes.
        language: Position in LANGUAGES.
        payment: Position in PAYMENTS: a true trait.
        talkativeness: How often the customer calls or writes, mean 1: a true trait.
        has_central_cooling: A thermostat can steer it: a true trait.
        has_time_of_use: Whether its tariff's price depends on the hour.
        change: Position in CHANGES of what changed once in the history, -1 for nothing.
        change_day: Local day since the utility's first on which the utility learned of it.
        earlier_days: Days before the utility's first on which it came to know a customer of the first day.
        willing: What the traits add to the logit of enrolling when asked.
    """

    tenure: np.ndarray
    household_size: np.ndarray
    income_band: np.ndarray
    is_low_income: np.ndarray
    language: np.ndarray
    payment: np.ndarray
    talkativeness: np.ndarray
    has_central_cooling: np.ndarray
    has_time_of_use: np.ndarray
    change: np.ndarray
    change_day: np.ndarray
    earlier_days: np.ndarray
    willing: np.ndarray

    def consent_from_day(self, has_consent: np.ndarray) -> np.ndarray:
        """Local day from which a customer's consent holds; a large number when it does not hold at the end."""
        is_new = self.change == CHANGES.index("has_consent")
        return np.where(has_consent, np.where(is_new, self.change_day, -1_000_000), 1_000_000)


def draw_attributes(
    options: SyntheticOptions,
    customer: np.ndarray,
    is_home: np.ndarray,
    relative_size: np.ndarray,
    has_solar: np.ndarray,
    has_vehicle: np.ndarray,
    typical_cooling_share: np.ndarray,
    has_medical_need: np.ndarray,
    first_day: np.ndarray,
    end_day: np.ndarray,
) -> Attributes:
    """Draw what goes with a customer; each trait from a stream of its own.

    Args:
        options: Shares and the seed.
        customer: Per agreement: number of the customer.
        is_home, relative_size, has_solar, has_vehicle: Per agreement.
        typical_cooling_share: Per agreement: share of cooling in the annual kWh of its archetype.
        has_medical_need: Per agreement, as the utility knows it in the end.
        first_day, end_day: Per agreement: days of the history within it (end excluded).

    Returns:
        The attributes, per agreement.
    """
    number = len(customer)
    _, primary, position = np.unique(customer, return_index=True, return_inverse=True)
    same = primary[position]

    def rng(trait: int) -> np.random.Generator:
        return stream(options.seed, Purpose.ATTRIBUTES, trait)

    size = np.log(relative_size)
    income = 0.9 * size + 0.6 * (has_solar | has_vehicle) + rng(0).standard_normal(number)
    people = np.clip(np.rint(MEAN_PEOPLE + 1.6 * size + 1.0 * rng(1).standard_normal(number)), 1, MOST_PEOPLE)
    owner_probability = 1 / (1 + np.exp(-(0.6 + 0.7 * income + 2.0 * has_solar)))
    is_owner = rng(2).random(number) < owner_probability
    is_low_income = is_home & (income + 0.5 * rng(3).standard_normal(number) < -1.0)
    punctual = 0.5 * income + rng(4).standard_normal(number)
    wants_time_of_use = rng(5).random(number) < options.time_of_use_fraction * np.where(has_vehicle, 2.5, 1.0)
    cools = (typical_cooling_share >= 0.1) & (rng(6).random(number) < np.minimum(5 * typical_cooling_share, 0.95))
    traits = rng(7).random((number, 3))
    changes = rng(8).random((number, 3))
    change = np.searchsorted(np.cumsum(CHANGE_SHARES)[:-1], changes[:, 0], side="right")
    # A need for medical reasons only ever begins; who has none has a change of the household instead.
    change = np.where((change == CHANGES.index("has_medical_need")) & ~has_medical_need, 0, change)
    days = end_day - first_day
    has_changed = is_home & (changes[:, 1] < CHANGES_PER_YEAR * options.months / 12) & (days > 2)
    willing = np.where(
        is_home,
        OWNER_IS_WILLING * (is_owner - MEAN_OWNERS)
        + LOW_INCOME_IS_WILLING * (is_low_income - MEAN_LOW_INCOME)
        + PEOPLE_ARE_WILLING * (people - MEAN_PEOPLE),
        0.0,
    )
    found = Attributes(
        tenure=np.where(traits[:, 0] < UNKNOWN_TENURE, -1, np.where(is_owner, 0, 1)),
        household_size=np.where(is_home, people, 0).astype(np.int64),
        income_band=np.where(is_home, np.searchsorted((-0.6, 0.8), income, side="right"), -1),
        is_low_income=is_low_income,
        language=np.searchsorted(np.cumsum(LANGUAGE_SHARES)[:-1], traits[:, 1], side="right"),
        payment=2 - np.searchsorted((-1.55, -0.62), punctual, side="right"),
        talkativeness=np.exp(0.8 * rng(9).standard_normal(number) - 0.32),
        has_central_cooling=is_home & cools,
        has_time_of_use=is_home & wants_time_of_use,
        change=np.where(has_changed, change, -1),
        change_day=first_day + 1 + (changes[:, 2] * np.maximum(days - 1, 0)).astype(np.int64),
        earlier_days=EARLIER_DAYS[0] + (traits[:, 2] * (EARLIER_DAYS[1] - EARLIER_DAYS[0])).astype(np.int64),
        willing=willing,
    )
    return Attributes(**{name: values[same] for name, values in vars(found).items()})
