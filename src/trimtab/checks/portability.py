"""TT5xx: names and tags that one cloud takes and another does not."""

from collections.abc import Iterator

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.words import listed
from trimtab.declarations import NameRule, declarations_of

OWN_TAGS = 3
"""Tags that are the fleet's mark."""


# TT501


def find_names(subject: Subject) -> Iterator[Remark]:
    """Names of groups in the cloud that break a cloud's rule."""
    name = subject.fleet.native_name(subject.group)
    rules = {cloud: declarations_of(cloud).portability.name for cloud in subject.clouds}
    broken = [
        f"{cloud}: {text}"
        for cloud, rule in rules.items()
        if rule is not None
        for text in _broken(subject, cloud, rule, name)
    ]
    if broken:
        path = "native_name" if subject.group.native_name else ""
        text = f"{name!r} ({len(name)} characters) does not fit {'; '.join(broken)}"
        mend = "choose a shorter, plain `native_name`: lower-case letters, digits and hyphens, at most 58"
        yield Remark(path, text, mend)


def _broken(subject: Subject, cloud: str, rule: NameRule, name: str) -> Iterator[str]:
    if not rule.fits.fullmatch(name):
        yield rule.text
    elif rule.prefix is not None and len(name) > rule.prefix and not _says(subject, cloud, rule.prefix_setting):
        yield f"at most {rule.prefix} {rule.prefix_text}"


def _says(subject: Subject, cloud: str, setting: str) -> bool:
    return getattr(subject.group.block(cloud), setting, None) is not None


# TT502


def find_tags(subject: Subject) -> Iterator[Remark]:
    """Tags of a group or its instances that break a cloud's rule."""
    rules = {cloud: declarations_of(cloud).portability.tags for cloud in subject.clouds}
    known = {cloud: rule for cloud, rule in rules.items() if rule is not None}
    for path, tags in (("tags", subject.group.tags), ("template.tags", subject.group.template.tags)):
        for cloud, rule in known.items():
            bad = [key for key, value in tags.items() if not (rule.key.fullmatch(key) and rule.value.fullmatch(value))]
            if bad:
                text = f"{cloud} does not take {', '.join(f'{key}: {tags[key]}' for key in bad)}: {rule.text}"
                yield Remark(path, text, "write them so that every cloud takes them, or leave them out there")
    number = len({**subject.group.tags, **subject.group.template.tags})
    limits = {cloud: rule.most for cloud, rule in known.items() if rule.most is not None}
    most = min(limits.values(), default=None)
    if most is not None and number + OWN_TAGS > most:
        where = listed([cloud for cloud, limit in limits.items() if limit == most])
        text = f"{number} tags, with the {OWN_TAGS} of the fleet's mark, are more than the {most} of {where}"
        yield Remark("tags", text, f"keep to {most - OWN_TAGS}")
