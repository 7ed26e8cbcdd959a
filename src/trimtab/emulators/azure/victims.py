"""Which instances leave when a scale set gets smaller."""

from collections import Counter
from collections.abc import Callable, Sequence

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.instance import REGULAR, SPOT, EmulatedInstance
from trimtab.emulators.azure.scale_set import ScaleSet


def choose(scale_set: ScaleSet, count: int) -> list[EmulatedInstance]:
    """The next ones to leave, fewer than asked where the others are protected."""
    staying = scale_set.members()
    chosen: list[EmulatedInstance] = []
    while len(chosen) < count:
        leaver = _next(scale_set, staying)
        if leaver is None:
            break
        chosen.append(leaver)
        staying.remove(leaver)
    return chosen


def _next(scale_set: ScaleSet, staying: Sequence[EmulatedInstance]) -> EmulatedInstance | None:
    free = [each for each in staying if not each.is_protected]
    # what never came up goes first
    failed = [each for each in free if each.state == "Failed"]
    candidates = failed or _in_the_fullest_zone(_of_the_long_side(scale_set, free, staying), staying)
    return min(candidates, key=_order(scale_set), default=None)


def _of_the_long_side(
    scale_set: ScaleSet, free: list[EmulatedInstance], staying: Sequence[EmulatedInstance]
) -> list[EmulatedInstance]:
    """Those of the priority of which there are too many for the smaller size."""
    split = scale_set.split(len(staying) - 1)
    if split is None:
        return free
    running = sum(each.priority == REGULAR for each in staying)
    wanted = REGULAR if running > split.on_demand else SPOT
    return [each for each in free if each.priority == wanted] or free


def _in_the_fullest_zone(free: list[EmulatedInstance], staying: Sequence[EmulatedInstance]) -> list[EmulatedInstance]:
    sizes = Counter(each.zone for each in staying)
    largest = max((sizes[each.zone] for each in free), default=0)
    return [each for each in free if sizes[each.zone] == largest]


def _order(scale_set: ScaleSet) -> Callable[[EmulatedInstance], tuple[float, ...]]:
    rules = [str(rule).lower() for rule in find(scale_set.body, "properties.scaleInPolicy.rules") or ["default"]]
    match rules[0]:
        case "newestvm":
            return lambda each: (-each.created.timestamp(), -each.ordinal)
        case "default" if not scale_set.flexible:
            return lambda each: (-each.ordinal,)
        case _:
            return lambda each: (each.created.timestamp(), each.ordinal)
