"""How well shapes come back: K-means against the true kinds of a synthetic utility, with each standardisation."""

import shutil
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
METHODS = ("daily_share", "hourly_z_score")
CELLS = tuple((size_spread, noise) for size_spread in SIZE_SPREADS for noise in NOISES)
# Water heaters on a timer and pool pumps, which households of every kind may have.
WITHOUT_TIMERS = {"water_heater_timer_fraction": 0.0, "pool_pump_fraction": 0.0}


@dataclass(frozen=True)
class Recovery:
    """Adjusted Rand index of each method for one size spread and noise.

    Attributes:
        size_spread, noise: Of both utilities.
        kinds_alone: Where nobody has a timer or a pump.
        with_timers: Where the same households have them.
    """

    size_spread: float
    noise: float
    kinds_alone: Mapping[str, float]
    with_timers: Mapping[str, float]


@dataclass(frozen=True)
class Sweep:
    """Recovery for every size spread and noise, and the size of each utility."""

    customers: int
    months: int
    cells: Sequence[Recovery]


def measure(
    places: Places, customers: int, months: int, cells: Sequence[tuple[float, float]], show: Callable[[str], None]
) -> Sweep:
    """Two utilities for each size spread and noise: kinds alone, and with timers and pumps.

    Args:
        places: The run's places.
        customers: Households of each utility.
        months: Months of hourly readings.
        cells: Size spread and noise of each pair.
        show: Told of each pair.
    """
    found = []
    for size_spread, noise in cells:
        kinds_alone, with_timers = (
            run_in_process(
                "recovery.recover", places.of_variant(RECOVERY), customers=customers, months=months,
                size_spread=size_spread, noise=noise, with_timers=with_timers,
            ).found
            for with_timers in (False, True)
        )  # fmt: skip
        found.append(Recovery(size_spread, noise, kinds_alone, with_timers))
        indices = "; ".join(
            f"{which} {', '.join(f'{method} {index:.3f}' for method, index in indices.items())}"
            for which, indices in (("kinds alone", kinds_alone), ("with timers and pumps", with_timers))
        )
        show(f"recovery at size spread {size_spread}, noise {noise}: {indices}")
    return Sweep(customers, months, found)


def recover(
    stopwatch: Stopwatch,
    places: Places,
    customers: int,
    months: int,
    size_spread: float,
    noise: float,
    *,
    with_timers: bool,
) -> dict[str, float]:
    """Adjusted Rand index of each method's segments against the true kinds, by the pipeline's own load and models.

    Households only, perfect metering, one customer per service point for the whole time; k is the number of kinds.
    """
    from peakwise.dbt import Dbt
    from peakwise.loading import Clock, ReadingOptions, UtilitySettings, load_readings, set_holidays, set_utility
    from peakwise.synthetic import SyntheticOptions, generate
    from peakwise.warehouse import connect

    utility = places.folder / "recovery_utility"
    shutil.rmtree(places.home, ignore_errors=True)
    options = SyntheticOptions(
        customers=customers, months=months, size_spread=size_spread, noise=noise,
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
            found[method] = adjusted_rand_index(places.warehouse, utility / "truth" / "customers.parquet", method)
    shutil.rmtree(places.home)
    shutil.rmtree(utility)
    return found


def adjusted_rand_index(warehouse: Path, truth: Path, method: str) -> float:
    """Agreement of segments and true kinds: 1 is perfect, 0 is chance.

    Raises:
        AssertionError: The profiles were made by another method.
    """
    from sklearn.metrics import adjusted_rand_score

    from peakwise.segmentation import fit_segments

    profiles = read_all_days(warehouse)
    if profiles.standardisation != method:
        raise AssertionError(f"The profiles are {profiles.standardisation}, not {method}.")
    kinds = true_kinds(warehouse, truth, profiles)
    segments = fit_segments(profiles.shapes, k=len(set(kinds)), seed=SEED)
    return float(adjusted_rand_score(kinds, segments.labels))


def below(cells: Sequence[tuple[Recovery, Mapping[str, float]]]) -> str:
    """In how many utilities the row-wise method is below the per-hour one, and which they are, as words."""
    row_wise, per_hour = METHODS
    where = [
        f"size spread {cell.size_spread}, noise {cell.noise}"
        for cell, indices in cells
        if indices[row_wise] < indices[per_hour]
    ]
    return f"{len(where)} of the {len(cells)}" + (f" ({'; '.join(where)})" if where else "")


def render(sweep: Sweep) -> str:
    """The section of the page."""
    rows = [
        [
            f"{cell.size_spread:.1f}",
            f"{cell.noise:.1f}",
            *(f"{found[method]:.3f}" for found in (cell.kinds_alone, cell.with_timers) for method in METHODS),
        ]
        for cell in sweep.cells
    ]
    header = [
        "Size spread", "Noise", *(f"`{method}`{which}" for which in ("", ", timers") for method in METHODS),
    ]  # fmt: skip
    row_wise, per_hour = METHODS
    alone = below([(cell, cell.kinds_alone) for cell in sweep.cells])
    timers = below([(cell, cell.with_timers) for cell in sweep.cells])
    return f"""
## How well shapes come back

Adjusted Rand index of the segments against the true kinds of synthetic households (1 is perfect, 0 is chance). Each
row is two utilities: {sweep.customers:,} households and no businesses, {sweep.months} months of
hourly readings, no faults, nobody moves, one service point each. Load and models are the pipeline's; the profile is
season `all`, day type `all`; K-means is the pipeline's with k = the number of kinds present and seed {SEED}.

The first two columns ask whether kinds come back: nobody has a water heater on a timer or a pool pump. This is the
sweep as it was first defined. In the two columns marked *timers* the same households have them, as often as in
`make run`: they change the shape of a household's day, belong to no kind, and count against both methods.

*Size spread* is the standard deviation of the logarithm of annual kWh, *noise* how far customers stray from their kind
and readings from their customer; `make run` takes 0.5 and 0.3. Size is drawn without regard to kind. Nothing was
chosen after looking.

{table(header, rows, left=0)}

`{row_wise}` is below `{per_hour}` in so many utilities: of kinds alone in {alone},
with timers and pumps in {timers}.
"""
