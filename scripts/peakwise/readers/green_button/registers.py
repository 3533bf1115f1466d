"""Series of one usage point side by side: which are registers, and which repeat energy and are refused."""

from collections.abc import Iterable

from peakwise.errors import UnusableInput
from peakwise.readers.green_button.series import STEP_SECONDS, Series

MOST_SERIES_OF_POINT = 500


def part_registers(name: str, series: Iterable[Series]) -> None:
    """See that no energy of a usage point counts twice: refuse what repeats it, tell registers apart.

    Args:
        name: The file's name, for the error.
        series: All series, their spans widened by `place_blocks`; their `reason` and `register_id` are set here.

    Raises:
        UnusableInput: A usage point has too many series.
    """
    points: dict[str, list[Series]] = {}
    for one in series:
        if one.reason is None and one.first_start is not None:
            points.setdefault(one.service_point_id, []).append(one)
    for service_point_id, of_point in points.items():
        if len(of_point) > MOST_SERIES_OF_POINT:
            raise UnusableInput(
                f"{name}: usage point {service_point_id} has more than {MOST_SERIES_OF_POINT} meter readings with readings."
            )
        _refuse_net_beside_directions(of_point)
        for is_received in (False, True):
            alike = [one for one in of_point if one.reason is None and (one.channel == "received") == is_received]
            _part_registers_of_direction(alike)


def _refuse_net_beside_directions(series: list[Series]) -> None:
    """Refuse net energy where the same usage point has delivered or received energy of the same time."""
    directed = [one for one in series if not one.is_net]
    for net in (one for one in series if one.is_net):
        if any(net.overlaps(one) for one in directed):
            net.reason = "net energy of a usage point that has delivered or received energy, too: it would count twice"


def _part_registers_of_direction(series: list[Series]) -> None:
    """Among series of one usage point and direction refuse repeats in a coarser step and name further registers."""
    kept: list[Series] = []
    for one in sorted(series, key=lambda one: (_step_order(one), one.id)):
        rivals = [other for other in kept if one.overlaps(other)]
        if any(one.is_coarser(other) for other in rivals):
            one.reason = "the usage point has the same direction in a finer step, too: the energy would count twice"
            continue
        if any(other.register_id is None for other in rivals):
            one.register_id = one.id
        kept.append(one)


def _step_order(series: Series) -> int:
    """Rank of a series by its step, unknown steps last."""
    return series.interval_seconds if series.interval_seconds in STEP_SECONDS else 3_601
