"""Advice among the notes of a plan: what `check_fleet` finds, and what the plan has read of the cloud anyway."""

from collections.abc import Collection, Iterator, Mapping

from trimtab.checks.check import check_fleet
from trimtab.checks.live import OLD_TEMPLATE, old_template_text
from trimtab.models import Fleet
from trimtab.phrases import in_words
from trimtab.plan import Kind, Live, Note


def advice(
    fleet: Fleet, provider: str, live: Live, kinds: Mapping[str, Kind], *, only: Collection[str] | None = None
) -> tuple[Note, ...]:
    """
    The notes that checks add to a plan; no call to the cloud.

    Args:
        fleet: What is planned.
        provider: For which cloud.
        live: What was read of it.
        kinds: The provider's kinds.
        only: Only these groups; all when left out.
    """
    chosen = [group for group in fleet.groups if only is None or group.name in only]
    declared = fleet.model_copy(update={"groups": tuple(chosen)})
    names = {group.name for group in chosen}
    return (*_declared(declared, provider), *_old_templates(fleet, names, live, kinds))


def _declared(fleet: Fleet, provider: str) -> Iterator[Note]:
    """One note for each thing found, also where many groups share it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for finding in check_fleet(fleet, provider=provider):
        text = f"{finding.path}: {finding.text}" if finding.path else finding.text
        groups.setdefault((finding.code, text), []).append(finding.group)
    for (code, text), names in groups.items():
        yield Note(text, in_words(list(dict.fromkeys(names))), code=code)


def _old_templates(fleet: Fleet, names: Collection[str], live: Live, kinds: Mapping[str, Kind]) -> Iterator[Note]:
    for resource in live.resources.values():
        outdated = resource.attributes.get("outdated") or 0
        ours = resource.mark is not None and resource.mark.fleet == fleet.name and resource.group in names
        if kinds[resource.key.kind].holds_instances and ours and outdated and not resource.deleting:
            text = old_template_text(outdated, resource.attributes.get("instances") or outdated)
            yield Note(text, resource.group, code=OLD_TEMPLATE)
