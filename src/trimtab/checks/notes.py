"""Advice among the notes of a plan: what `check_fleet` finds, and what the plan has read of the cloud anyway."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from trimtab.checks.check import find_all
from trimtab.checks.comments import ignores_of, is_ignored, suppress
from trimtab.checks.finding import Finding
from trimtab.checks.live import OLD_TEMPLATE, old_template_text
from trimtab.checks.outside import outside_rules
from trimtab.checks.registry import RULES
from trimtab.declarations.blocks import check_settings
from trimtab.errors import ConfigError
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
    """One note for each thing found that the file does not leave out, also where many groups share it."""
    check_settings(fleet, provider)
    groups: dict[tuple[str, str], list[str]] = {}
    findings = list(find_all(fleet, [provider], RULES))
    try:
        findings += find_all(fleet, [provider], outside_rules())
    except ConfigError as error:  # advice of others, without which a plan is as good
        yield Note(str(error))
    for finding in _counting(fleet, findings):
        text = f"{finding.path}: {finding.text}" if finding.path else finding.text
        groups.setdefault((finding.code, text), []).append(finding.group)
    for (code, text), names in groups.items():
        yield Note(text, in_words(list(dict.fromkeys(names))), code=code)


def _counting(fleet: Fleet, findings: Sequence[Finding]) -> Iterator[Finding]:
    marked = suppress(fleet, findings, ignores_of(fleet))[0] if fleet._comments else findings
    yield from (finding for finding in marked if not finding.is_ignored)


def _old_templates(fleet: Fleet, names: Collection[str], live: Live, kinds: Mapping[str, Kind]) -> Iterator[Note]:
    for resource in live.resources.values():
        outdated = resource.attributes.get("outdated") or 0
        ours = resource.mark is not None and resource.mark.fleet == fleet.name and resource.group in names
        shown = ours and not is_ignored(fleet, OLD_TEMPLATE, resource.group, "template")
        if kinds[resource.key.kind].holds_instances and shown and outdated and not resource.deleting:
            text = old_template_text(outdated, resource.attributes.get("instances") or outdated)
            yield Note(text, resource.group, code=OLD_TEMPLATE)
