"""Puts a candidate in use: its segments take the place of those in use, which are kept as retired."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from peakwise.errors import UnusableInput
from peakwise.warehouse import connect, one_transaction


@dataclass(frozen=True)
class Accepted:
    """What was put in use.

    Attributes:
        run_ids: The runs in use now.
        retired_run_ids: The runs whose place they took.
    """

    run_ids: list[str]
    retired_run_ids: list[str]


def accept_candidates(warehouse: Path, run_id: str | None = None, accepted_at: datetime | None = None) -> Accepted:
    """Put a run in use, in one transaction.

    Args:
        warehouse: The DuckDB file.
        run_id: The run; None for every candidate of the newest fit.
        accepted_at: With a time zone; by default now.

    Raises:
        UnusableInput: There is no such run, or nothing to accept.
    """
    if not warehouse.exists():
        raise UnusableInput(f"There is no warehouse at {warehouse}. Run `make run` first.")
    moment = (accepted_at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with connect(warehouse) as connection:
        if run_id is None:
            chosen = connection.execute("""
                select distinct run_id from ml.segment_runs
                where status = 'candidate'
                    and created_at = (select max(created_at) from ml.segment_runs where status = 'candidate')
                order by run_id
            """).fetchall()
            if not chosen:
                raise UnusableInput(
                    "No segmentation waits for a decision. Fit one first: scripts/segment_customers.py --k auto"
                )
        else:
            chosen = connection.execute(
                "select distinct run_id, status from ml.segment_runs where run_id = ?", [run_id]
            ).fetchall()
            if not chosen:
                known = connection.execute(
                    "select run_id from ml.segment_runs group by run_id order by max(created_at) desc limit 5"
                ).fetchall()
                runs = ", ".join(run for (run,) in known) or "none"
                raise UnusableInput(f"There is no segmentation run '{run_id}'. The newest runs are: {runs}.")
            if chosen[0][1] == "accepted":
                raise UnusableInput(f"The segmentation run '{run_id}' is in use already.")
        run_ids = [row[0] for row in chosen]
        with one_transaction(connection):
            retired = connection.execute(
                """
                update ml.segment_runs as runs set status = 'retired'
                where status in ('accepted', 'candidate') and run_id not in (select unnest(?::varchar[]))
                    and exists (
                        from ml.segment_runs as chosen
                        where chosen.run_id in (select unnest(?::varchar[])) and chosen.purpose = runs.purpose
                            and (runs.purpose = 'targeting' or chosen.profile_set = runs.profile_set)
                    )
                returning run_id, accepted_at
                """,
                [run_ids, run_ids],
            ).fetchall()
            connection.execute(
                """
                update ml.segment_runs set status = 'accepted', accepted_at = ?
                where run_id in (select unnest(?::varchar[]))
                """,
                [moment, run_ids],
            )
    return Accepted(run_ids, sorted({run for run, was_accepted_at in retired if was_accepted_at is not None}))
