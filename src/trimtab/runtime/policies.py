"""The policies in Python that a fleet names: imported only where the caller allows it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple

from trimtab.engine.functions import PolicyFunction
from trimtab.errors import ConfigError, InvalidArgument
from trimtab.models import Fleet, Position, PythonPolicy, ScalingGroup
from trimtab.models.policy import is_policy
from trimtab.phrases import closest, error_words
from trimtab.runtime.arguments import check_list

_MODULE = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"


class _Named(NamedTuple):
    """A policy in Python, and where the fleet names it."""

    label: str
    place: Position | None
    call: str

    @property
    def module(self) -> str:
        return self.call.partition(":")[0]

    def problem(self, message: str) -> str:
        return f"{self.place}: {self.label}: {message}" if self.place else f"{self.label}: {message}"


def load_policies(fleet: Fleet, *, allow: Sequence[str]) -> Mapping[str, PolicyFunction]:
    """
    The functions of a fleet's policies in Python, each by its import path, as `engine.decide` takes them.

    A fleet file is data, and an import runs code: nothing else in trimtab imports what a file names, and this only
    what the caller allows. Policies that are not enabled are left out.

    Args:
        fleet: The fleet.
        allow: The modules and packages that may be imported: `acme.policies` allows itself and what is inside it.

    Raises:
        ConfigError: A policy is not allowed, cannot be imported, or is no function that `trimtab.policy` marks; each
            problem names its line.
        InvalidArgument: `allow` is no list of names of modules.
    """
    _check_allowed(allow)
    functions: dict[str, PolicyFunction] = {}
    problems: list[tuple[str, Position | None]] = []
    for named in _named(fleet):
        if named.call not in functions:
            answer = _load(named, allow)
            if isinstance(answer, str):
                problems.append((named.problem(answer), named.place))
            else:
                functions[named.call] = answer
    if problems:
        places = [(place.file, place.line, place.column) if place else None for _, place in problems]
        raise ConfigError([text for text, _ in problems], places=places)
    return MappingProxyType(functions)


def _check_allowed(allow: Sequence[str]) -> None:
    check_list("allow", allow)
    for prefix in allow:
        if not isinstance(prefix, str) or not re.fullmatch(_MODULE, prefix, re.ASCII):
            raise InvalidArgument(
                f'allow: write the name of a module or package, such as "acme.policies", not {prefix!r}'
            )


def _named(fleet: Fleet) -> Iterator[_Named]:
    for group in fleet.groups:
        for policy in _enabled(group):
            path = f"policies.{policy.name}.call"
            yield _Named(f"group {group.name}, {path}", fleet.position(group.name, path), policy.call)


def _enabled(group: ScalingGroup) -> Iterator[PythonPolicy]:
    return (policy for policy in group.policies if isinstance(policy, PythonPolicy) and policy.enabled)


def _load(named: _Named, allow: Iterable[str]) -> PolicyFunction | str:
    """The function, or what is wrong with it."""
    module_name, _, name = named.call.partition(":")
    if not any(module_name == prefix or module_name.startswith(f"{prefix}.") for prefix in allow):
        allowing = f'load_policies(..., allow=["{module_name}"])'
        return (
            f"{module_name} may not be imported; allow it if you trust it: {allowing}, or --allow-python {module_name}"
        )
    try:
        module = import_module(module_name)
        function = getattr(module, name, None)
    except (Exception, SystemExit) as error:  # it runs somebody else's code
        return f"{module_name} cannot be imported: {error_words(error)}"
    if is_policy(function):
        return function
    if function is not None:
        return f"{named.call} is not a policy function; mark it with `@trimtab.policy`"
    close = closest(name, [each for each, value in vars(module).items() if is_policy(value)])
    return f"{module_name} has no {name!r}" + (f"; did you mean {close!r}?" if close else "; define it there")
