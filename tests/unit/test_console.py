"""What files say is printed as text: it draws no picture and gives the terminal no command."""

import io
from pathlib import Path

import pytest
from rich.table import Table

from peakwise.console import PlainConsole
from peakwise.errors import UnusableInput
from peakwise.load_command import run_load, tell
from peakwise.readers.columns import columns_told, find_columns

RED = "\x1b[31mX"


def printed(*things: object) -> str:
    console = PlainConsole(file=io.StringIO(), width=200)
    for thing in things:
        console.print(thing, highlight=False)
    return console.file.getvalue()


def test_a_name_between_colons_is_no_picture() -> None:
    table = Table("file")
    table.add_row(":x:.csv")
    output = printed(":x:.csv", table)
    assert output.count(":x:.csv") == 2


def test_control_characters_are_written_out_and_line_breaks_stay() -> None:
    table = Table("file")
    table.add_row(RED)
    output = printed(f"{RED}\u202egpj.exe\nsecond line", table)
    assert "\x1b" not in output and "\u202e" not in output
    assert output.count(r"\x1b[31mX") == 2 and "\nsecond line" in output


def test_the_console_keeps_its_own_colours() -> None:
    console = PlainConsole(file=io.StringIO(), width=200, force_terminal=True, color_system="standard")
    console.print("[red]Stopped.[/red]")
    assert "\x1b[31mStopped.\x1b[0m" in console.file.getvalue()


def test_the_error_of_a_load_gives_no_command() -> None:
    errors = PlainConsole(file=io.StringIO(), width=200)
    tell(errors, f":x: {RED}")
    assert errors.file.getvalue() == "Not loaded. :x: \\x1b[31mX\n"


def test_column_names_are_told_without_control_characters() -> None:
    assert columns_told([RED, "kwh"]) == r"\x1b[31mX, kwh"
    with pytest.raises(UnusableInput, match=r"its columns are: \\x1b\[31mX\."):
        find_columns("a.csv", [RED], {}, known_names={"kwh": ("kwh",)})


def test_a_load_says_that_others_can_read_the_warehouse_and_changes_no_rights(tmp_path: Path) -> None:
    def loaded(warehouse: Path) -> str:
        errors = PlainConsole(file=io.StringIO(), width=200)
        assert run_load(warehouse, lambda connection: [], errors) == 0
        return errors.file.getvalue()

    warehouse = tmp_path / "made here" / "w.duckdb"
    assert loaded(warehouse) == ""
    warehouse.chmod(0o644)
    assert loaded(warehouse) == "", "its folder lets nobody in"
    warehouse.parent.chmod(0o755)
    assert "Others can read" in loaded(warehouse) and f"chmod 600 '{warehouse}'" in loaded(warehouse)
    assert warehouse.stat().st_mode & 0o777 == 0o644
