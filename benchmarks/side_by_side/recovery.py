"""How well shapes come back: K-means against the true kinds of a synthetic utility, with each standardisation."""

import math
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from side_by_side.markdown import table
from side_by_side.pipeline_stages import WITHOUT_TESTS
from side_by_side.places import RECOVERY, Places
from side_by_side.processes import run_in_process
from side_by_side.settings import SEED
from side_by_side.standardised import MODELS, read_all_days, true_kinds
from side_by_side.stopwatch import Stopwatch

SIZE_SPREADS = (0.2, 0.5, 0.7)
NOISES = (0.1, 0.3, 0.5)
ROW_WISE = ("daily_share", "hellinger")
PER_HOUR = "hourly_z_score"
METHODS = (*ROW_WISE, PER_HOUR)
GROUPS = 10
CELLS = tuple((size_spread, noise) for size_spread in SIZE_SPREADS for noise in NOISES)
# Water heaters on a timer and pool pumps, which households of every kind may have.
WITHOUT_TIMERS = {"water_heater_timer_fraction": 0.0, "pool_pump_fraction": 0.0}


@dataclass(frozen=True)
class Recovery:
    """Adjusted Rand indices of each method, one per group of households, for one size spread and noise.

    Attributes:
        size_spread, noise: Of both utilities.
        kinds_alone: Where nobody has a timer or a pump.
        with_timers: Where the same households have them.
    """

    size_spread: float
    noise: float
    kinds_alone: Mapping[str, Sequence[float]]
    with_timers: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Sweep:
    """Recovery for every size spread and noise; groups, households in each, and months of readings."""

    groups: int
    customers: int
    months: int
    cells: Sequence[Recovery]


def measure(
    places: Places,
    groups: int,
    customers: int,
    months: int,
    cells: Sequence[tuple[float, float]],
    show: Callable[[str], None],
) -> Sweep:
    """Two utilities for each size spread and noise: kinds alone, and with timers and pumps.

    Args:
        places: The run's places.
        groups: Groups of each utility's households that are segmented apart.
        customers: Households in each group.
        months: Months of hourly readings.
        cells: Size spread and noise of each pair.
        show: Told of each pair.
    """
    found = []
    for size_spread, noise in cells:
        kinds_alone, with_timers = (
            run_in_process(
                "recovery.recover", places.of_variant(RECOVERY), groups=groups, customers=customers, months=months,
                size_spread=size_spread, noise=noise, with_timers=with_timers,
            ).found
            for with_timers in (False, True)
        )  # fmt: skip
        found.append(Recovery(size_spread, noise, kinds_alone, with_timers))
        indices = "; ".join(
            f"{which} {', '.join(f'{method} {statistics.mean(index):.3f}' for method, index in indices.items())}"
            for which, indices in (("kinds alone", kinds_alone), ("with timers and pumps", with_timers))
        )
        show(f"recovery at size spread {size_spread}, noise {noise}: {indices}")
    return Sweep(groups, customers, months, found)


def recover(
    stopwatch: Stopwatch,
    places: Places,
    groups: int,
    customers: int,
    months: int,
    size_spread: float,
    noise: float,
    *,
    with_timers: bool,
) -> dict[str, list[float]]:
    """Adjusted Rand indices of each method's segments against the true kinds, by the pipeline's own load and models.

    Households only, perfect metering, one customer per service point for the whole time. Profiles are made of all
    households, segments of each group by itself; k is the number of kinds in it.
    """
    from peakwise.dbt import Dbt
    from peakwise.loading import Clock, ReadingOptions, UtilitySettings, load_readings, set_holidays, set_utility
    from peakwise.synthetic import SyntheticOptions, generate
    from peakwise.warehouse import connect

    utility = places.folder / "recovery_utility"
    shutil.rmtree(places.home, ignore_errors=True)
    options = SyntheticOptions(
        customers=groups * customers, months=months, size_spread=size_spread, noise=noise,
        small_business_fraction=0.0, mover_fraction=0.0, second_point_fraction=0.0,
        **({} if with_timers else WITHOUT_TIMERS),
    ).without_faults()  # fmt: skip
    settings = UtilitySettings(time_zone=options.time_zone, holiday_calendar=options.holiday_calendar)
    found = {}
    with stopwatch.phase("recovery"):
        generate(options, utility)
        dbt = Dbt(places.warehouse, places.dbt_folder)
        for method in METHODS:
            with connect(places.warehouse) as connection:
                set_utility(connection, replace(settings, standardisation=method))
                if method == METHODS[0]:
                    clock = ReadingOptions(label="start", label_clock=Clock.parse("UTC"))
                    load_readings(connection, [utility / "readings"], clock)
                    set_holidays(connection)
            models = MODELS if method == METHODS[0] else ["int_profiles_standardized"]
            dbt.run("build", "--select", *models, *WITHOUT_TESTS)
            found[method] = adjusted_rand_indices(
                places.warehouse, utility / "truth" / "customers.parquet", method, groups
            )
    shutil.rmtree(places.home)
    shutil.rmtree(utility)
    return found


def adjusted_rand_indices(warehouse: Path, truth: Path, method: str, groups: int) -> list[float]:
    """Agreement of segments and true kinds in each group of households: 1 is perfect, 0 is chance.

    Raises:
        AssertionError: The profiles were made by another method.
    """
    from sklearn.metrics import adjusted_rand_score

    from peakwise.segmentation import fit_segments

    profiles = read_all_days(warehouse)
    if profiles.standardisation != method:
        raise AssertionError(f"The profiles are {profiles.standardisation}, not {method}.")
    kinds = true_kinds(warehouse, truth, profiles)
    indices = []
    for first in range(groups):
        group = slice(first, None, groups)
        segments = fit_segments(profiles.shapes[group], k=len(set(kinds[group])), seed=SEED)
        indices.append(float(adjusted_rand_score(kinds[group], segments.labels)))
    return indices


def below(method: str, cells: Sequence[tuple[Recovery, Mapping[str, Sequence[float]]]]) -> str:
    """Where a row-wise method is below the per-hour one on average, and in how many single groups, as words."""
    where = [
        f"size spread {cell.size_spread}, noise {cell.noise}"
        for cell, indices in cells
        if statistics.mean(indices[method]) < statistics.mean(indices[PER_HOUR])
    ]
    pairs = [pair for _, indices in cells for pair in zip(indices[method], indices[PER_HOUR], strict=True)]
    named = f" ({'; '.join(where)})" if where else ""
    single = sum(ours < theirs for ours, theirs in pairs)
    return f"{len(where)} of the {len(cells)} means{named} and {single} of the {len(pairs)} groups"


def closest(method: str, cells: Sequence[tuple[Recovery, Mapping[str, Sequence[float]]]]) -> str:
    """The mean that is least above the per-hour one, with the difference and its standard error, as words."""
    differences = []
    for cell, indices in cells:
        leads = [ours - theirs for ours, theirs in zip(indices[method], indices[PER_HOUR], strict=True)]
        error = statistics.stdev(leads) / math.sqrt(len(leads)) if len(leads) > 1 else math.nan
        differences.append((statistics.mean(leads), error, cell))
    lead, error, cell = min(differences, key=lambda difference: difference[0])
    return f"{lead:+.3f} (standard error {error:.3f}) at size spread {cell.size_spread}, noise {cell.noise}"


def render(sweep: Sweep) -> str:
    """The section of the page."""
    rows = [
        [
            f"{cell.size_spread:.1f}",
            f"{cell.noise:.1f}",
            *(
                f"{statistics.mean(found[method]):.3f}"
                for found in (cell.kinds_alone, cell.with_timers)
                for method in METHODS
            ),
        ]
        for cell in sweep.cells
    ]
    header = [
        "Size spread", "Noise", *(f"`{method}`{which}" for which in ("", ", timers") for method in METHODS),
    ]  # fmt: skip
    alone = [(cell, cell.kinds_alone) for cell in sweep.cells]
    timers = [(cell, cell.with_timers) for cell in sweep.cells]
    comparisons = "\n".join(
        f"- `{method}` is below `{PER_HOUR}`, kinds alone, in {below(method, alone)}; the closest mean is "
        f"{closest(method, alone)}.\n"
        f"  With timers and pumps: {below(method, timers)}; {closest(method, timers)}."
        for method in ROW_WISE
    )
    return f"""
## How well shapes come back

Adjusted Rand index of the segments against the true kinds of synthetic households (1 is perfect, 0 is chance). Each
row is two utilities: {sweep.groups * sweep.customers:,} households and no businesses, {sweep.months} months of
hourly readings, no faults, nobody moves, one service point each. Load and models are the pipeline's; the profile is
season `all`, day type `all`. The households are segmented in {sweep.groups} groups of {sweep.customers:,}, each by
itself: K-means is the pipeline's with k = the number of kinds present and seed {SEED}. A figure is the mean of the
groups, since a single group is too few to tell two methods apart where kinds overlap.

The first columns ask whether kinds come back: nobody has a water heater on a timer or a pool pump. In the columns
marked *timers* the same households have them, as often as in `make run`: they change the shape of a household's day,
belong to no kind, and count against all methods.

*Size spread* is the standard deviation of the logarithm of annual kWh, *noise* how far customers stray from their kind
and readings from their customer; `make run` takes 0.5 and 0.3. Size is drawn without regard to kind.

{table(header, rows, left=0)}

{comparisons}
"""
