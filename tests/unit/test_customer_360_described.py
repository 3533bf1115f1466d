"""Every column of the customer 360 is described, says how fresh it is, and is looked at by a test."""

import re
from typing import Any

import pytest
import yaml
from conftest import PROJECT

MARTS = PROJECT / "models" / "marts"
MODEL: dict[str, Any] = yaml.safe_load((MARTS / "customers" / "mart_customer_360.yml").read_text())["models"][0]
SOURCES = set(re.findall(r"^    \('(\w+)', 'stg_", (MARTS / "sources" / "mart_source_freshness.sql").read_text(), re.M))
ADDED_UP = PROJECT / "tests" / "data_tests" / "the_customer_360_adds_up_to_the_facts.sql"
# Taken over as the customers file has them: any value is right.
AS_GIVEN = {"customer_class", "has_consent", "has_medical_need"}


def words_under_test() -> set[str]:
    """Words in the expressions and columns of the tests of the mart, and in what is added up to compare it with the facts."""
    texts = [str(list(test["arguments"].values())) for tests in MODEL["data_tests"] for test in tests.values()]
    texts += [column["name"] for column in MODEL["columns"] if column.get("data_tests") or column.get("constraints")]
    texts += re.findall(r"\b(?:sum|count)\((.*)\)", ADDED_UP.read_text().split("ref('mart_customer_360')")[0])
    return set(re.findall(r"\w+", " ".join(texts)))


@pytest.mark.parametrize("column", MODEL["columns"], ids=lambda column: column["name"])
def test_a_column_is_described_fresh_as_a_source_and_tested(column: dict[str, Any]) -> None:
    assert column["description"]
    assert column["config"]["meta"]["fresh_as"] in SOURCES
    assert column["name"] in words_under_test() | AS_GIVEN
