"""What else uses the templates, health checks and channels of a fleet: Google Cloud deletes nothing that is in use."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from trimtab.errors import ProviderError
from trimtab.plan import Change, Key, Mark, Resource
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.kinds import ALERT_POLICY, CHANNEL, HEALTH_CHECK, MANAGER, TEMPLATE
from trimtab.providers.gcp.reads import list_monitored
from trimtab.providers.gcp.resources import READERS
from trimtab.providers.sharing import deleted, used_by, users_of

SERVICE = "backend service"
LABELS = {MANAGER.name: MANAGER.label, ALERT_POLICY.name: ALERT_POLICY.label, SERVICE: SERVICE}
USED = (TEMPLATE.name, HEALTH_CHECK.name, CHANNEL.name)
IN_USE: Mapping[str, tuple[str, ...]] = {
    TEMPLATE.name: (MANAGER.name,),
    HEALTH_CHECK.name: (MANAGER.name, SERVICE),
    CHANNEL.name: (ALERT_POLICY.name,),
}
"""What uses which kind."""


def users_elsewhere(calls: Calls, changes: Sequence[Change], fleet: str) -> dict[Key, str]:
    """
    By template, health check and channel that is deleted who else uses it; a list of each kind that may.

    https://cloud.google.com/compute/docs/instance-templates/delete-instance-templates
    """
    doomed = deleted(changes, USED)
    kinds = sorted({kind for change in doomed for kind in IN_USE[change.key.kind]})
    lists: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
        MANAGER.name: lambda: list(calls.aggregated("instanceGroupManagers").items),
        SERVICE: lambda: list(calls.aggregated("backendServices").items),
        ALERT_POLICY.name: lambda: list(list_monitored(calls, ALERT_POLICY.name).items),
    }
    answers = dict(zip(kinds, calls.gather([lists[kind] for kind in kinds]), strict=True))
    texts = ((change, _texts(calls, change, answers, changes, fleet)) for change in doomed)
    return {change.key: text for change, some in texts if (text := "; ".join(some))}


def _texts(
    calls: Calls,
    change: Change,
    answers: Mapping[str, "list[dict[str, Any]] | ProviderError"],
    changes: Sequence[Change],
    fleet: str,
) -> Iterator[str]:
    attributes = change.live.attributes if change.live is not None else {}
    link = str(attributes.get("link") or attributes.get("name") or "")
    for kind in IN_USE[change.key.kind]:
        answer = answers[kind]
        if isinstance(answer, ProviderError):
            yield f"whether something else uses it is not known: {answer}"
            continue
        found = {
            key: mark for item in answer if link in _links(kind, item) for key, mark in [_identity(calls, kind, item)]
        }
        if users := users_of(change, found, changes, fleet):
            yield f"{used_by(LABELS[kind], users)} {'uses' if len(users) == 1 else 'use'} it too"


def _identity(calls: Calls, kind: str, item: Mapping[str, Any]) -> tuple[Key, Mark | None]:
    if kind == SERVICE:
        return Key("", SERVICE, str(item["name"])), None
    resource: Resource = READERS[kind](item, calls.location)
    return resource.key, resource.mark


def _links(kind: str, item: Mapping[str, Any]) -> Iterable[str]:
    """What of a kind that is used something names."""
    if kind == MANAGER.name:
        yield from (str(version.get("instanceTemplate")) for version in item.get("versions") or ())
        yield str(item.get("instanceTemplate"))
        yield from (str(policy.get("healthCheck")) for policy in item.get("autoHealingPolicies") or ())
    elif kind == SERVICE:
        yield from map(str, item.get("healthChecks") or ())
    else:
        yield from map(str, item.get("notificationChannels") or ())
