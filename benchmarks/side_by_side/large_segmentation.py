"""Segmentation of very many customers: one fit beside scikit-learn's own, and the whole choice of k."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from side_by_side.bars import Bar, verdict
from side_by_side.markdown import table
from side_by_side.places import PROFILES, Places
from side_by_side.processes import run_in_process
from side_by_side.rounds import Results, Summary, Task, run_rounds, summarise
from side_by_side.settings import SEED
from side_by_side.stopwatch import Stopwatch

SEGMENTS = 4
RESTARTS = 10
FIT_AT_MOST = 1.2
SWEEP_SECONDS_AT_MOST = 300
SWEEP_BYTES_AT_MOST = 4 * 2**30
ROWS_AT_ONCE = 100_000

# Share of the customers; then hour, width and height of each peak over a floor of 1.
KINDS = (
    (0.30, ((19.0, 2.0, 2.0),)),
    (0.20, ((7.5, 1.5, 1.2), (19.5, 2.0, 1.4))),
    (0.18, ((13.0, 4.0, 1.5),)),
    (0.12, ((17.0, 4.0, 1.0),)),
    (0.12, ((2.0, 2.5, 2.5),)),
    (0.08, ((10.0, 1.5, 0.8), (21.5, 1.5, 1.8))),
)

OURS, THEIRS, SWEEP = "Peakwise fit", "scikit-learn fit", "sweep"
FITS = (
    Task(THEIRS, "large_segmentation.fit_by_scikit_learn", PROFILES),
    Task(OURS, "large_segmentation.fit_by_peakwise", PROFILES),
)


@dataclass(frozen=True)
class LargeRun:
    """What the fits and the choice of k took.

    Attributes:
        customers: Generated profiles.
        results: The fits of all rounds.
        agreement: Adjusted Rand index of the two fits.
        sweep: Time and memory of the choice of k.
        chosen: What it said.
    """

    customers: int
    results: Results
    agreement: float
    sweep: Summary
    chosen: str


def make_profiles(stopwatch: Stopwatch, places: Places, customers: int) -> None:
    """Write shapes of several kinds, each customer with an own shift, floor and noise, as parts of the day's energy."""
    random = np.random.default_rng(SEED)
    hours = np.arange(24)
    weights, peaks = zip(*KINDS, strict=True)
    with stopwatch.phase("make profiles"):
        shapes = np.lib.format.open_memmap(places.shapes, mode="w+", dtype=np.float64, shape=(customers, 24))
        for first in range(0, customers, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, customers - first)
            kinds = random.choice(len(KINDS), size=rows, p=weights)
            shifts = random.normal(0, 0.8, (rows, 1))
            kw = np.repeat(random.lognormal(0, 0.3, (rows, 1)), 24, axis=1)
            for kind, humps in enumerate(peaks):
                of_kind = kinds == kind
                for hour, width, height in humps:
                    distance = (hours - hour - shifts[of_kind] + 12) % 24 - 12
                    kw[of_kind] += height * np.exp(-0.5 * (distance / width) ** 2)
            kw *= random.lognormal(0, 0.2, (rows, 24))
            shapes[first : first + rows] = kw / kw.sum(axis=1, keepdims=True)
        shapes.flush()


def fit_by_scikit_learn(stopwatch: Stopwatch, places: Places) -> float:
    """`KMeans.fit` with as many threads as everybody has; its inertia."""
    from sklearn.cluster import KMeans

    shapes = np.load(places.shapes)
    with stopwatch.phase(THEIRS):
        fit = KMeans(n_clusters=SEGMENTS, n_init=RESTARTS, random_state=SEED).fit(shapes)
    np.save(places.labels("scikit_learn"), fit.labels_)
    return float(fit.inertia_)


def fit_by_peakwise(stopwatch: Stopwatch, places: Places) -> float:
    """The pipeline's fit on the same array; its inertia."""
    from peakwise.segmentation import fit_segments

    shapes = np.load(places.shapes)
    with stopwatch.phase(OURS):
        segments = fit_segments(shapes, SEGMENTS, SEED)
    np.save(places.labels("peakwise"), segments.labels)
    return segments.inertia


def compare(stopwatch: Stopwatch, places: Places) -> float:
    """Adjusted Rand index of the two fits.

    Raises:
        AssertionError: They are not the same but for the last digits: then times say nothing.
    """
    from sklearn.metrics import adjusted_rand_score

    agreement = float(adjusted_rand_score(*(np.load(places.labels(by)) for by in ("peakwise", "scikit_learn"))))
    if agreement < 0.999:
        raise AssertionError(f"The two fits are different partitions: adjusted Rand index {agreement}.")
    return agreement


def sweep(stopwatch: Stopwatch, places: Places) -> dict[str, Any]:
    """Outlier screening, the fits at every k with all their figures, the choice, the fit at the chosen k, the null test."""
    from peakwise.segmentation import SegmentationSettings, segment_class

    shapes = np.load(places.shapes)
    with stopwatch.phase(SWEEP):
        found = segment_class(shapes, SegmentationSettings(k="auto", seed=SEED))
    return {"candidates": len(found.diagnostics), "chosen": found.k_reason}


def measure(places: Places, customers: int, repeats: int, show: Callable[[str], None]) -> LargeRun:
    """Make the profiles, run both fits round by round, then the choice of k once, each in a process of its own."""
    places = places.of_variant(PROFILES)
    run_in_process("large_segmentation.make_profiles", places, customers=customers)
    results = run_rounds(places, repeats, show, lambda number: FITS if number % 2 else FITS[::-1])
    agreement = run_in_process("large_segmentation.compare", places).found
    answer = run_in_process("large_segmentation.sweep", places)
    summary = summarise([answer.phases[SWEEP]])
    show(f"choice of k among {customers:,} customers: {summary.seconds:.1f} s. {answer.found['chosen']}")
    return LargeRun(customers, results, agreement, summary, answer.found["chosen"])


def bars(large: LargeRun | None) -> list[Bar]:
    """The bar of the fit."""
    if large is None:
        return []
    ours, theirs = (large.results.phase(task.key, task.key, PROFILES) for task in reversed(FITS))
    return [
        Bar.ratio(f"A fit at {large.customers:,} x 24, k = {SEGMENTS}, over scikit-learn's", FIT_AT_MOST, ours, theirs)
    ]


def render(large: LargeRun) -> str:
    """The section of the page."""
    theirs, ours = (large.results.phase(task.key, task.key, PROFILES) for task in FITS)
    rows = [
        [
            name,
            f"{summary.seconds:.2f}",
            f"{summary.median_seconds:.2f}",
            f"{summary.processor_seconds:.2f}",
            f"{summary.peak_memory_bytes / 1e6:,.0f}",
            f"{summary.seconds / theirs.seconds:.2f}",
        ]
        for name, summary in (
            (f"scikit-learn: `KMeans(n_clusters={SEGMENTS}, n_init={RESTARTS}).fit`", theirs),
            (f"Peakwise: one fit, k = {SEGMENTS}", ours),
            ("Peakwise: k chosen from 2 to 12", large.sweep),
        )
    ]
    seconds, gibibytes = large.sweep.seconds, large.sweep.peak_memory_bytes / 2**30
    goals = [
        ["Choice of k, seconds", f"{seconds:.0f}", f"{SWEEP_SECONDS_AT_MOST}", verdict(seconds, SWEEP_SECONDS_AT_MOST)],
        [
            "Choice of k, peak GiB", f"{gibibytes:.2f}", f"{SWEEP_BYTES_AT_MOST / 2**30:.0f}",
            verdict(large.sweep.peak_memory_bytes, SWEEP_BYTES_AT_MOST),
        ],
    ]  # fmt: skip
    return f"""## Segmentation of {large.customers:,} customers

Generated profiles that look like standardised shapes: {len(KINDS)} kinds of days, each customer's shifted, flattened and noisy,
as parts of the day's energy; {large.customers:,} rows of 24 doubles. Both fits start from the same points. Memory is that of
the process with the profiles in it. The two partitions agree: adjusted Rand index {large.agreement:.6f}.

{table(["", "Seconds", "Median", "CPU seconds", "Peak MB", "x scikit-learn"], rows)}

The choice of k, measured once, is everything that `--k auto` does to a class: outliers screened, each k fitted with its
indices, bootstrap stability and clouds without groups, then the fit at the chosen k with its null test. It said:
{large.chosen}

{table(["Goal", "Measured", "At most", "Verdict"], goals)}
"""
