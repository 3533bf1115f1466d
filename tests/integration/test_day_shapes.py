"""Day shapes of a synthetic utility, from readings to marts, by the commands a user runs."""

import duckdb
import pytest
from conftest import Home

MARTS = ("dim_day_shape", "fct_customer_day_shape", "mart_customer_day_shapes")


@pytest.fixture(scope="module")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A utility of 60 service points and two months with clustered days."""
    home = Home(tmp_path_factory.mktemp("day_shapes"))
    for finished in (
        home.pipeline("--synthetic-customers", "60", "--synthetic-months", "2"),
        home.script("cluster_day_shapes.py", "--k", "6"),
        home.dbt("build", "--select", "source:day_shapes+"),
    ):
        assert finished.code == 0, finished.output + finished.errors
    return home


def query(home: Home, sql: str) -> list[tuple]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_day_with_a_shape_is_in_the_marts(utility):
    [(days, customers)] = query(
        utility, "select count(*), count(distinct customer_key) from intermediate.int_customer_day_loads"
    )
    assert days > 1_000
    assert query(utility, "select days, customers, k from ml.day_shape_runs") == [(days, customers, 6)]
    assert query(utility, "select sum(days), count(*) from marts.dim_day_shape") == [(days, 6)]
    assert query(utility, "select sum(days) from marts.fct_customer_day_shape") == [(days,)]
    assert query(utility, "select sum(days), count(*) from marts.mart_customer_day_shapes") == [(days, customers)]


def test_entropy_in_the_mart_is_that_of_the_assigned_days(utility):
    different = query(
        utility,
        """
        with expected as (
            select customer_key, entropy(day_shape_id) as entropy_bits
            from ml.day_shape_assignments group by customer_key
        )
        select count(*), max(abs(expected.entropy_bits - mart.entropy_bits)) < 1e-9, min(mart.entropy_base_bits)
        from expected inner join marts.mart_customer_day_shapes as mart using (customer_key)
        """,
    )
    customers = query(utility, "select count(*) from marts.mart_customer_day_shapes")[0][0]
    assert different == [(customers, True, pytest.approx(2.584963))]


def test_shapes_add_up_over_customers_and_hours(utility):
    assert query(
        utility,
        """
        select count(*) from (
            select customer_key from marts.fct_customer_day_shape
            group by customer_key having abs(sum(day_fraction) - 1) > 1e-9
        )
        """,
    ) == [(0,)]
    assert query(
        utility,
        """
        select count(*) from marts.dim_day_shape
        inner join (select day_shape_id, sum(days) as days from marts.fct_customer_day_shape group by all) as counted
            using (day_shape_id)
        where dim_day_shape.days != counted.days
        """,
    ) == [(0,)]


def test_the_same_days_give_the_same_run(utility):
    before = query(utility, "select right(run_id, 8) from ml.day_shape_runs")
    assert utility.script("cluster_day_shapes.py", "--k", "6").code == 0
    assert query(utility, "select right(run_id, 8) from ml.day_shape_runs") == before


def test_an_empty_warehouse_has_empty_marts_and_the_command_says_why(home):
    built = home.dbt("run", "--select", "+mart_customer_day_shapes", "+int_customer_day_loads")
    assert built.code == 0, built.output
    for mart in MARTS:
        assert query(home, f"select count(*) from marts.{mart}") == [(0,)]
    finished = home.script("cluster_day_shapes.py")
    assert (finished.code, finished.output) == (2, "")
    assert finished.errors.startswith("No customer has a good day with all 24 hours metered")
