"""Run Peakwise from meter files to target lists, in one process."""

import argparse
import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape

from peakwise.console import PlainConsole
from peakwise.dbt import DbtFailed
from peakwise.errors import UnusableInput
from peakwise.loading import UtilitySettings
from peakwise.pipeline import SegmentationPlan, Source, accept, run, synthetic_source, update
from peakwise.reading_arguments import (
    TEXT,
    add_reading_arguments,
    beside_readings,
    number,
    reading_options,
    with_negative_offsets,
)
from peakwise.segmentation import SegmentationSettings, profile_choice
from peakwise.segmentation.algorithms import ALGORITHMS
from peakwise.segmentation.profile_sets import CHOICES, DEFAULT_CHOICE
from peakwise.segmentation.settings import DEFAULT_ALGORITHM, DEFAULT_K, DEFAULT_SEED, k_from_text
from peakwise.steps import Steps
from peakwise.summary import show_summary
from peakwise.synthetic import SyntheticOptions

EPILOG = """
Examples:
  scripts/run_pipeline.py
  .venv/bin/python scripts/run_pipeline.py --readings london.parquet --label end --label-timezone UTC --utility-timezone Europe/London
  .venv/bin/python scripts/run_pipeline.py --update --readings december/
  .venv/bin/python scripts/run_pipeline.py --update --k auto
  .venv/bin/python scripts/run_pipeline.py --accept

Exit codes: 0 done, 1 done but rows were rejected, 2 the input cannot be used.
"""
NOTHING_TO_ADD = (
    "Say what to add: make update READINGS=<file, folder or glob>, CUSTOMERS=, SYSTEM_LOAD=, WEATHER=, OUTAGES= or SOURCES=; "
    "or what to change: TARGET_COUNT=, TARGET_KW=, ESTIMATE_GAPS=; or K=… to fit segments anew."
)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options of the command line; an empty text counts as not given, as `make` passes it."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--readings", nargs="*", default=[], help="files, folders or globs; without them a synthetic utility"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="add files to the warehouse in place, or change a setting, instead of building a new one",
    )
    add_reading_arguments(parser)
    parser.add_argument(
        "--sources", **TEXT, help="folder of bills, programs, contacts and other optional sources (docs/sources.md)"
    )
    parser.add_argument("--method", **TEXT, help="standardisation of profiles (default: daily_share)")
    parser.add_argument(
        "--accept", action="store_true", help="put the newest candidate segmentation, or that of --run, in use"
    )
    parser.add_argument("--run", **TEXT, help="the segmentation run to accept")
    parser.add_argument(
        "--k",
        **TEXT,
        help="segments of each customer class, or auto (default: 3; an update without it fits nothing anew)",
    )
    parser.add_argument("--profiles", **TEXT, help=f"what is clustered: {', '.join(CHOICES)}, or season/day_type")
    parser.add_argument("--algorithm", **TEXT, help=f"{', '.join(ALGORITHMS)} (default: {DEFAULT_ALGORITHM})")
    parser.add_argument(
        "--keep-outliers",
        **TEXT,
        help="yes to let customers of unusual shape take part in shaping segments (default: no)",
    )
    parser.add_argument("--seed", **TEXT, help=f"seed of every random choice (default: {DEFAULT_SEED})")
    parser.add_argument("--target-count", **TEXT, help="customers wanted on each class's list")
    parser.add_argument("--target-kw", **TEXT, help="expected kW wanted from each class's list")
    parser.add_argument(
        "--estimate-gaps", **TEXT, help="yes to estimate missing hours, beside metered energy (default: no)"
    )
    parser.add_argument(
        "--figures", **TEXT, help="no to leave the figures out, as for an update of every hour (default: yes)"
    )
    parser.add_argument("--synthetic-customers", **TEXT, help="size of the synthetic utility (default: 1000)")
    parser.add_argument("--synthetic-months", **TEXT, help="length of its history (default: 12)")
    return parser.parse_args(with_negative_offsets(sys.argv[1:] if arguments is None else arguments))


def yes_or_no(text: str | None, name: str) -> bool | None:
    """A yes-or-no option, or None when it was not given.

    Raises:
        UnusableInput: The text is neither.
    """
    if text not in (None, "yes", "no"):
        raise UnusableInput(f"{name} is '{text}' but must be yes or no.")
    return None if text is None else text == "yes"


def settings_given(given: argparse.Namespace) -> dict[str, object]:
    """The utility's settings that were given on the command line."""
    values = {
        "time_zone": given.utility_timezone,
        "holiday_calendar": given.holidays,
        "standardisation": given.method,
        "estimates_gaps": yes_or_no(given.estimate_gaps, "ESTIMATE_GAPS"),
        "target_count": number(given.target_count, "TARGET_COUNT"),
        "target_kw": number(given.target_kw, "TARGET_KW", float),
    }
    return {name: value for name, value in values.items() if value is not None}


def segmentation_plan(given: argparse.Namespace) -> SegmentationPlan:
    """How the command line wants customers to be segmented.

    Raises:
        UnusableInput: A setting is out of bounds.
    """
    seed = number(given.seed, "SEED")
    return SegmentationPlan(
        SegmentationSettings(
            k=k_from_text(given.k) if given.k else DEFAULT_K,
            seed=DEFAULT_SEED if seed is None else seed,
            algorithm=given.algorithm or DEFAULT_ALGORITHM,
            screens_outliers=not yes_or_no(given.keep_outliers, "KEEP_OUTLIERS"),
        ),
        profile_choice(given.profiles or DEFAULT_CHOICE),
    )


def source_given(given: argparse.Namespace) -> Source:
    """The source that the command line names."""
    return Source(
        given.readings, reading_options(given), beside_readings(given), Path(given.sources) if given.sources else None
    )


def work(given: argparse.Namespace, console: Console) -> int:
    """Do what the command line asks for and return the exit code."""
    steps = Steps(console)
    settings = settings_given(given)
    plan = segmentation_plan(given)
    draws_figures = yes_or_no(given.figures, "FIGURES") is not False
    if given.accept:
        outcome = accept(given.run, steps, draws_figures=draws_figures)
    elif given.update:
        source = source_given(given)
        fits_anew = any((given.k, given.profiles, given.algorithm, given.seed, given.keep_outliers))
        if not source.has_files and not settings and not fits_anew:
            raise UnusableInput(NOTHING_TO_ADD)
        if fixed := {"time_zone", "holiday_calendar", "standardisation"} & settings.keys():
            raise UnusableInput(
                f"An update cannot change {', '.join(sorted(fixed))}: build a new warehouse with `make run` for that."
            )
        outcome = update(source, settings, plan if fits_anew else None, steps, draws_figures=draws_figures)
    else:
        if given.readings:
            source = source_given(given)
            clock = source.options.label_clock
            if "time_zone" not in settings and (clock is None or clock.utility_time_zone is None):
                raise UnusableInput(
                    "Say by which local clock the utility's customers live, for days and hours are local: "
                    "UTILITY_TIMEZONE=Europe/London or another IANA zone"
                )
            utility = UtilitySettings(**({"time_zone": clock.utility_time_zone} if clock else {}) | settings)
        else:
            synthetic = SyntheticOptions(
                customers=number(given.synthetic_customers, "CUSTOMER_COUNT") or 1000,
                months=number(given.synthetic_months, "MONTHS") or 12,
            )
            source, utility = synthetic_source(synthetic, steps)
            utility = UtilitySettings(**vars(utility) | settings)
        outcome = run(source, utility, plan, steps, draws_figures=draws_figures)
    show_summary(outcome, console)
    return 1 if outcome.has_rejects else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; every expected failure is one clear sentence on standard error."""
    console, errors = PlainConsole(), PlainConsole(stderr=True)
    if not console.is_terminal:
        # On a pipe there is no width to keep to; tables are not to be folded.
        console.width = max(console.width, 120)
    try:
        return work(parse(arguments), console)
    except (UnusableInput, DbtFailed) as error:
        reason = str(error)
    except (duckdb.OperationalError, duckdb.DataError) as error:
        reason = f"The warehouse cannot be written: {str(error).splitlines()[0]}"
    except OSError as error:
        reason = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
    except KeyboardInterrupt:
        reason = "Interrupted. The warehouse in place and the published release are as before."
    errors.print(f"[red]Stopped.[/red] {escape(reason)}", highlight=False, soft_wrap=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
