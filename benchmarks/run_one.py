"""Runs one measured task in this process and writes what it took; called by run_benchmarks.py."""

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from side_by_side.places import Places
from side_by_side.stopwatch import Stopwatch


def main(request_file: str, answer_file: str) -> None:
    """Run the task that a request names, such as `peers.scan`; only its own module is imported."""
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    module, function = request["task"].split(".")
    stopwatch = Stopwatch()
    task = getattr(importlib.import_module(f"side_by_side.{module}"), function)
    found = task(stopwatch, Places(Path(request["folder"]), request["variant"]), **request["settings"])
    answer = {"phases": {name: asdict(phase) for name, phase in stopwatch.phases.items()}, "found": found}
    Path(answer_file).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
