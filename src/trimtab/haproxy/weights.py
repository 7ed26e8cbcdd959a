"""The weights of servers by which native groups get their shares of the requests; pure."""

from collections.abc import Mapping

from trimtab.errors import InvalidArgument

HEAVIEST = 256
"""https://docs.haproxy.org/2.6/configuration.html#5.2-weight"""


def weights_of(shares: Mapping[str, float], sizes: Mapping[str, int]) -> Mapping[str, int]:
    """
    The weight of each server of a native group, so that the groups together get these shares of the requests.

    A share that is more than nothing gives at least 1, and nothing gives 0, which is no new requests. A native group
    without servers gets none whatever its share: the others have it. With three servers beside one, a share of 1 % is
    held to within a hundredth of the requests.

    Args:
        shares: The share of each native group, in any unit: 90 and 10, or 0.9 and 0.1.
        sizes: How many servers each has.

    Raises:
        InvalidArgument: A share is negative, or all of those with servers are 0.
    """
    if any(share < 0 for share in shares.values()):
        raise InvalidArgument("shares: a share of requests is 0 or more")
    counted = {name: share for name, share in shares.items() if sizes.get(name)}
    most = max(counted.values(), default=0)
    if counted and most <= 0:
        raise InvalidArgument("shares: no group with instances has a share; give one more than 0")
    each = {name: share / most / sizes[name] for name, share in counted.items()}
    heaviest = max(each.values(), default=1)
    return {name: max(1, round(HEAVIEST * each[name] / heaviest)) if counted[name] else 0 for name in counted}
