"""Decides which marts, and which of their rows, everybody may read.

A mart says so in its YAML, under `config.meta.public`; one that says nothing is for the owner of the release alone. An
aggregate of few customers tells of each of them (of one customer, everything), so it takes as many as the seed
publication_limits asks for.
"""

import csv
from dataclasses import dataclass

from peakwise import paths
from peakwise.warehouse import quoted
from peakwise.yaml_files import read_yaml

# Not the name of any column, so that a mart may have a column customers.
_CUSTOMERS = quoted("customers the row tells of")


@dataclass(frozen=True)
class PublicRows:
    """Which rows of a mart are public.

    Attributes:
        customers: SQL over a row of the mart: how many customers it tells of. None where no row tells of any.
        within: Columns. Rows that agree in them add up to a total that is public, too: all rows where there is no column, and
            None where nothing adds up.
    """

    customers: str | None
    within: tuple[str, ...] | None


def least_customers() -> int:
    """How many customers an aggregate must be of to be public, by the seed publication_limits."""
    with (paths.PROJECT / "seeds" / "publication_limits.csv").open(encoding="utf-8", newline="") as file:
        limits = {row["limit_name"]: row["limit_value"] for row in csv.DictReader(file)}
    return int(limits["least_customers"])


def public_marts() -> dict[str, PublicRows]:
    """The marts whose YAML says which of their rows are public, by name."""
    marts = {}
    for path in sorted((paths.PROJECT / "models" / "marts").rglob("*.yml")):
        for model in read_yaml(path).get("models", []):
            meta = model.get("config", {}).get("meta", {})
            if "public" in meta and not meta.get("personal_data"):
                within = meta["public"].get("within")
                marts[model["name"]] = PublicRows(
                    meta["public"].get("customers"), None if within is None else tuple(within)
                )
    return marts


def public_query(name: str, public: PublicRows, least: int) -> str:
    """SQL of the public rows of a mart.

    Rows of fewer customers are left out, and rows of which nobody knows how many. Where rows add up to a public total,
    what is left out can be had by subtraction: then the row next in size is left out as well, so that what can be had is
    again of enough customers. Of equal ones all are, for the choice must not depend on the order of rows.

    Args:
        name: The mart.
        public: What its YAML says.
        least: Customers that a row must tell of.
    """
    mart = quoted(name)
    if public.customers is None:
        return f"from marts.{mart}"
    counted = f"""
        select {mart}.*, coalesce(cast({public.customers} as double), 0) as {_CUSTOMERS} from marts.{mart} as {mart}
    """
    enough = f"{_CUSTOMERS} >= {least}"
    if public.within is None:
        return f"select * exclude ({_CUSTOMERS}) from ({counted}) where {enough}"
    parts = f"partition by {', '.join(map(quoted, public.within))}" if public.within else ""
    smaller = "range between unbounded preceding and current row exclude group"
    return f"""
        select * exclude ({_CUSTOMERS}) from ({counted})
        qualify
            {enough}
            and not (
                count_if(not {enough}) over ({parts}) > 0
                and coalesce(sum({_CUSTOMERS}) over ({parts} order by {_CUSTOMERS} {smaller}), 0) < {least}
            )
        order by all
    """
