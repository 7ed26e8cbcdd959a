"""The contract that every provider keeps, as a class of tests to inherit."""

from trimtab.testing.contract_base import World
from trimtab.testing.group_contract import GroupContract
from trimtab.testing.plan_contract import PlanContract

__all__ = ["ProviderContract", "World"]


class ProviderContract(PlanContract, GroupContract):
    """
    The tests that every provider passes: inherit, and give the fixtures `world` and `fleet`.

    `fleet` has at least two groups, each with a policy that an alarm triggers and with schedules that
    move the bounds.
    """
