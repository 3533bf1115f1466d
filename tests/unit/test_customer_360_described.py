"""Every column of the customer 360 is described, says how fresh it is, and is looked at by a test."""

import re
from typing import Any

import pytest
import yaml
from conftest import PROJECT

MARTS = PROJECT / "models" / "marts"
MODEL: dict[str, Any] = yaml.safe_load((MARTS / "customers" / "mart_customer_360.yml").read_text())["models"][0]
SOURCES = set(re.findall(r"^    \('(\w+)', 'stg_", (MARTS / "sources" / "mart_source_freshness.sql").read_text(), re.M))
# Taken over as the customers file has them: any value is right.
AS_GIVEN = {"customer_class", "has_consent", "has_medical_need"}


def tested_words() -> set[str]:
    """Words in the tests of the mart."""
    texts = [str(MODEL["data_tests"])]
    texts += [column["name"] for column in MODEL["columns"] if column.get("data_tests") or column.get("constraints")]
    texts.append((PROJECT / "tests" / "data_tests" / "the_customer_360_adds_up_to_the_facts.sql").read_text())
    return set(re.findall(r"\w+", " ".join(texts)))


@pytest.mark.parametrize("column", MODEL["columns"], ids=lambda column: column["name"])
def test_a_column_is_described_fresh_as_a_source_and_tested(column: dict[str, Any]) -> None:
    assert column["description"]
    assert column["config"]["meta"]["fresh_as"] in SOURCES
    assert column["name"] in tested_words() | AS_GIVEN
