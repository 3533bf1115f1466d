"""Independent random streams, so that no part's draws depend on how the work is cut up.

Service points are drawn in blocks of a fixed number. A stream belongs to one purpose, block and month; whoever works on
a block in whatever order, chunk or thread meets the same numbers.
"""

from enum import IntEnum

import numpy as np

POINTS_PER_BLOCK = 64


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of the seed: never reuse or change one."""

    WEATHER = 1
    POPULATION = 2
    DAYS = 3
    READINGS = 4
    GAPS = 5
    RESENT_BLOCKS = 6
    CORRECTIONS = 7
    SPIKES = 8
    OUTAGES = 9
    OUTAGE_RECORDS = 10
    FIXTURES = 11
    NEW_VEHICLES = 12
    NETWORK = 13
    PREMISES = 14
    ATTRIBUTES = 15
    STORMS = 16
    OFFERS = 17
    DEPARTURES = 18
    EVENTS = 19
    CALLS = 20
    BILLS = 21
    CONTACTS_IN_OUTAGES = 22
    CONTACTS_ABOUT_BILLS = 23
    CONTACTS_ABOUT_PROGRAMS = 24
    OTHER_CONTACTS = 25
    CONTACT_TEXTS = 26
    CONTACT_DETAILS = 27


def stream(seed: int, purpose: Purpose, block: int = 0, month: int = 0) -> np.random.Generator:
    """The random stream of one purpose, block of service points and month (months since year 0)."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), block, month)))
