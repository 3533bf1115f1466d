"""Runs tasks in processes of their own, so that memory is each one's own and nobody warms another's caches."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from side_by_side.places import Places
from side_by_side.settings import ENVIRONMENT
from side_by_side.stopwatch import Phase

RUN_ONE = Path(__file__).resolve().parents[1] / "run_one.py"


class TaskFailed(Exception):
    """A measured process did not succeed; the text ends with what it said."""


@dataclass(frozen=True)
class Answer:
    """What a task took, and what it found."""

    phases: dict[str, Phase]
    found: Any


def run_in_process(task: str, places: Places, **settings: Any) -> Answer:
    """Run one task, such as `peers.scan`, and wait for it.

    Raises:
        TaskFailed: It ended with an error.
    """
    request_file, answer_file = places.folder / "request.json", places.folder / "answer.json"
    request = {"task": task, "folder": str(places.folder), "variant": places.variant, "settings": settings}
    request_file.write_text(json.dumps(request), encoding="utf-8")
    environment = os.environ | ENVIRONMENT | {"PEAKWISE_HOME": str(places.home)}
    outcome = subprocess.run(
        [sys.executable, str(RUN_ONE), str(request_file), str(answer_file)],
        env=environment,
        capture_output=True,
        text=True,
    )
    if outcome.returncode != 0:
        raise TaskFailed(f"{task} ({places.variant}) failed:\n{outcome.stderr[-4000:]}")
    answer = json.loads(answer_file.read_text(encoding="utf-8"))
    return Answer({name: Phase(**phase) for name, phase in answer["phases"].items()}, answer["found"])
