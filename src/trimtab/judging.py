"""What a provider does otherwise than a fleet asks, and what it cannot do; pure."""

from collections.abc import Iterator, Mapping, Set
from typing import assert_never

from pydantic import BaseModel

from trimtab.capabilities import BLOCKS, Means, Support, is_controlled, supports_of
from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Kind, Note


def judge(fleet: Fleet, provider: str, kinds: Mapping[str, Kind]) -> tuple[list[Note], list[Note]]:
    """
    What a provider does otherwise than asked (notes), and what it cannot do (problems).

    A field that is set and that no kind of the provider carries is a problem too: nothing is dropped
    in silence.
    """
    notes: list[Note] = []
    problems: list[Note] = []
    for group in fleet.groups:
        verdicts = _Verdicts(group, provider, consent=fleet.controller)
        notes += verdicts.notes
        problems += verdicts.problems
        problems += [
            Note(f"{path}: {provider} has no translation for this field", group.name)
            for path in _not_carried(group, kinds, provider)
            if not any(path == one or path.startswith(f"{one}.") for one in verdicts.said)
        ]
    return notes, problems


class _Verdicts:
    """What is to be said of one group on one provider."""

    def __init__(self, group: ScalingGroup, provider: str, *, consent: bool) -> None:
        self.group, self.provider, self.consent = group, provider, consent
        self.notes: list[Note] = []
        self.problems: list[Note] = []
        self.said: set[str] = set()
        self.controlled = is_controlled(group, provider)
        for feature, path, support in supports_of(group, provider):
            self._take(feature, path, support)

    def _take(self, feature: str, path: str, support: Support) -> None:
        match support.means:
            case Means.NATIVE:
                self.said |= {path} if support.text else set()
            case Means.APPROXIMATED:
                self.said.add(path)
                self._approximate(feature, path, support)
            case Means.CONTROLLER:
                self.said.add(path)
                self._control(feature, path, support)
            case Means.UNSUPPORTED:
                self.said.add(path)
                self._problem(f"{path}: {self.provider} cannot do this: {feature}, {support.text}")
            case _:
                assert_never(support.means)

    def _approximate(self, feature: str, path: str, support: Support) -> None:
        if self.controlled and path.split(".")[0] in _ITEMS:
            return  # the controller does it as it is written
        text = f"{path}: {feature}: {support.text}"
        if support.sizes and not self._consents(path):
            self._problem(f"{text}; agree to another size by `approximate: true` on the policy")
        else:
            self.notes.append(Note(text, self.group.name))

    def _consents(self, path: str) -> bool:
        name = path.split(".")[1]
        return any(policy.name == name and policy.approximate for policy in self.group.policies)

    def _control(self, feature: str, path: str, support: Support) -> None:
        text = f"{path}: {feature}: {support.text}"
        if self.consent:
            self.notes.append(Note(f"{text}; a controller decides the size of the whole group", self.group.name))
        else:
            self._problem(f"{text}; it needs a running controller on {self.provider}; consent with `controller: true`")

    def _problem(self, text: str) -> None:
        self.problems.append(Note(text, self.group.name))


_STRUCTURE = {"name", "native_name", "location", "unmanaged", "approximate", "type"}
_ITEMS = ("policies", "alarms", "schedules")


def _not_carried(group: ScalingGroup, kinds: Mapping[str, Kind], provider: str) -> Iterator[str]:
    """Paths of the fields that are set and that no row of any kind comes from."""
    carried = {name for kind in kinds.values() for row in kind.fields for name in row.models.split()}
    for item in _ITEMS:
        for one in getattr(group, item):
            for path in set_fields(one):
                if not (_is_carried(path, carried) or _is_carried(f"{item}.*.{path}", carried)):
                    yield f"{item}.{one.name}.{path}"
    skipped = {*_ITEMS, *(BLOCKS - {provider})}
    for path in set_fields(group):
        if path.split(".")[0] not in skipped and not _is_carried(path, carried):
            yield path


def _is_carried(path: str, carried: Set[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in carried)


def set_fields(model: BaseModel, prefix: str = "") -> Iterator[str]:
    """Paths of the leaves that differ from the model's defaults."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if name in _STRUCTURE or value == info.get_default(call_default_factory=True):
            continue
        if isinstance(value, BaseModel):
            yield from set_fields(value, f"{prefix}{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            found = {path for item in value for path in set_fields(item, f"{prefix}{name}.")}
            yield from sorted(found)
        else:
            yield f"{prefix}{name}"
