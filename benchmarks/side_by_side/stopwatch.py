"""Times the phases of one measured process and notes its memory."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# macOS counts bytes, Linux kibibytes.
BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass
class Phase:
    """One timed phase of a process.

    Attributes:
        seconds: Wall time.
        processor_seconds: Time on all cores together: tells waiting for a busy machine from work.
        peak_memory_bytes: Greatest resident memory of the process up to the end of the phase.
    """

    seconds: float
    processor_seconds: float
    peak_memory_bytes: int


class Stopwatch:
    """Phases of this process by name."""

    def __init__(self) -> None:
        self.phases: dict[str, Phase] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block; imports belong before it."""
        started, processor_started = time.perf_counter(), time.process_time()
        yield
        self.phases[name] = Phase(
            time.perf_counter() - started,
            time.process_time() - processor_started,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT,
        )
