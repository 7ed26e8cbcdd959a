"""Hooks consumed: handlers of instances that start and end, a consumer of a queue, and a listener within instances."""

from trimtab.hooks.consumer import HookConsumer
from trimtab.hooks.draining import drain_handlers
from trimtab.hooks.guest import GuestHooks
from trimtab.hooks.handlers import HookHandler, load_handlers, on_launch, on_terminate
from trimtab.hooks.playbook import ansible_playbook
from trimtab.hooks.results import HandledHook, HookOutcome

__all__ = [
    "GuestHooks",
    "HandledHook",
    "HookConsumer",
    "HookHandler",
    "HookOutcome",
    "ansible_playbook",
    "drain_handlers",
    "load_handlers",
    "on_launch",
    "on_terminate",
]
