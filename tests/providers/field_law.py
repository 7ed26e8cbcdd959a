"""
No field in silence, as a law that every provider is held to.

Take any leaf of a group that is set and remove it: a native body changes, or a note or problem that names its path
goes. Where the model asks for the leaf, put another valid value in its place: a body changes, or a note or problem
that names exactly its path stands. (A leaf that only has the value that holds without it is held to the second
sentence.) A leaf that reaches a body has no note that it is not used. The settings of another
cloud are one leaf. Leaves that rightly change nothing are data of the product, `Declarations.inert`.
"""

import copy
import json
import re
from dataclasses import dataclass

import trimtab as tt
from tests.laws import sampled
from tests.providers.any_group import NAMED, VALUES
from trimtab.capabilities import inert_paths, is_inert
from trimtab.errors import InvalidModel
from trimtab.models.built_in import BLOCKS
from trimtab.models.metric import NEUTRAL
from trimtab.plan import Secret
from trimtab.plan.changes import PATHS

NOT_USED = ": not used"
"""How a note begins that says of a field that this group has no use for it."""
NAMES = frozenset({"policies.*.type"})
"""Leaves that the law leaves alone: the type of a policy, whose change makes another policy of it."""
SHARE = 6
"""One in so many leaves of each group is tried, another one in each; all of them in the exhaustive run."""
KEYS = frozenset({f"{item}.*.name" for item in NAMED})
"""The names of items, which keys are made of."""
METRICS = tuple(
    one.model_dump(mode="json", exclude_defaults=True)
    for one in (*NEUTRAL.values(), tt.metrics.custom("Virtualmin", "Sessions"), tt.metrics.promql("sum(sessions)"))
)


@dataclass(frozen=True)
class Leaf:
    """
    Something of a group that is set.

    Attributes:
        path: As notes name it: `alarms.hot.statistic`, `template.disks.0.iops`.
        pattern: The same with `*` for names and places in lists, as `VALUES` has it.
        steps: Where it is in the group as plain data.
        whole: Whether it holds leaves of its own: an item of a list, or another cloud's settings.
    """

    path: str
    pattern: str
    steps: tuple[str | int, ...]
    whole: bool = False


def plain(group):
    """A group as plain data: what is set, with the type of each policy."""
    data = group.model_dump(mode="json", exclude_defaults=True)
    for policy, given in zip(group.policies, data.get("policies", ()), strict=True):
        given["type"] = policy.type
    return data


def leaves(data, provider):
    """Every leaf of a group as plain data; the settings of another cloud are one."""
    others = frozenset() if provider == "memory" else BLOCKS - {provider}
    for name, value in data.items():
        if name in others:
            yield Leaf(name, name, (name,), whole=True)
        else:
            yield from _walk(value, name, name, (name,))


def _walk(value, path, pattern, steps):
    if isinstance(value, dict):
        yield from _walk_fields(value, path, pattern, steps)
    elif isinstance(value, list):
        named = path in NAMED
        for index, item in enumerate(value):
            inner = f"{path}.{item['name'] if named else index}"
            if isinstance(item, dict):
                yield Leaf(inner, f"{pattern}.*", (*steps, index), whole=True)
            yield from _walk(item, inner, f"{pattern}.*", (*steps, index))
    elif pattern not in NAMES:
        yield Leaf(path, pattern, steps)


def _walk_fields(value, path, pattern, steps):
    if steps[-1] == "metric":
        yield Leaf(path, pattern, steps)
        pattern += f"[{value['source']}]" if value["source"] in ("custom", "promql", "math") else ""
        value = {
            name: item
            for name, item in value.items()
            if f"{pattern}.{name}" in VALUES or name in ("dimensions", "parts")
        }
    for name, item in value.items():
        any_name = f"{pattern}.*" in VALUES or f"{pattern}.*.name" in VALUES
        inner = f"{pattern}.*" if any_name else f"{pattern}.{name}"
        yield from _walk(item, f"{path}.{name}", inner, (*steps, name))


def without(data, leaf):
    """The group without a leaf; `None` where the model does not have it so."""
    data, holder = _opened(data, leaf)
    del holder[leaf.steps[-1]]
    return _valid(data)


def others(data, leaf, values):
    """The group with each other valid value of a leaf."""
    for value in _values(leaf, values):
        changed, holder = _opened(data, leaf)
        now = holder[leaf.steps[-1]]
        if now == value or (leaf.steps[-1] == "metric" and now["name"] == value["name"]):
            continue
        holder[leaf.steps[-1]] = value
        if (group := _valid(changed)) is not None:
            yield group


def _values(leaf, values):
    if leaf.steps[-1] == "metric":
        return METRICS
    if leaf.pattern.endswith(".name") and leaf.pattern not in values:
        return ("renamed",)
    return () if leaf.whole else values.get(leaf.pattern, ())


def _opened(data, leaf):
    """A group as plain data that is new all the way to a leaf, and what there holds the leaf."""
    holder = opened = copy.copy(data)
    for step in leaf.steps[:-1]:
        holder[step] = holder = copy.copy(holder[step])
    return opened, holder


def _valid(data):
    try:
        return tt.ScalingGroup.model_validate(data)
    except InvalidModel:
        return None


# what a translation says and sends


def bodies(translation):
    """What is sent, by key."""
    return {str(one.key): json.dumps(one.body, sort_keys=True, default=_text) for one in translation.resources}


def _text(value):
    return value.digest if isinstance(value, Secret) else f"{value!r}"


def said(translation):
    """Path and text of every note and problem."""
    notes = (*translation.notes, *translation.problems)
    return {(path, note.text) for note in notes for path in note.text.partition(": ")[0].split(PATHS)}


def _names(path, leaf):
    if leaf.whole and isinstance(leaf.steps[-1], int) and leaf.path.rpartition(".")[2].isdecimal():
        return path.startswith(f"{leaf.path.rpartition('.')[0]}.")  # the places of those after it change
    if leaf.whole:
        return path == leaf.path or path.startswith(f"{leaf.path}.")
    return path == leaf.path or bool(re.fullmatch(r"\.\d+", leaf.path.removeprefix(path)))


def _quotes(text, leaf):
    """Whether what is said of something else gives the name of an item as the reason."""
    return leaf.whole and leaf.path.partition(".")[0] in NAMED and f"{leaf.path.partition('.')[2]!r}" in text


def _names_exactly(path, leaf):
    """A name is told by whatever is said of its item: an item of which nothing is sent has no key to change."""
    name = leaf.path.removesuffix("name") if leaf.pattern in KEYS else leaf.path
    return path == leaf.path or (leaf.pattern in KEYS and path.startswith(name))


def _is_in(one, leaf):
    return not one.whole and one.path.startswith(f"{leaf.path}.")


def _is_default(data, leaf, values, translate, sent):
    """Whether a leaf only has the value that holds without it: each other one changes a body or is spoken of."""
    changed = [translate(one) for one in others(data, leaf, values)]
    return bool(changed) and all(
        bodies(one) != sent or any(path == leaf.path and NOT_USED not in text for path, text in said(one))
        for one in changed
    )


def _refused(leaf, translation):
    """Whether a problem refuses the item or the metric that a leaf is in as a whole: nothing of it is sent."""
    steps = leaf.path.split(".")
    item, metric = ".".join(steps[:2]), ".".join(steps[:3])
    around = {item, metric} if metric.endswith(".metric") else {item}
    paths = {path for note in translation.problems for path in note.text.partition(": ")[0].split(PATHS)}
    return item.partition(".")[0] in NAMED and bool((around - {leaf.path}) & paths)


def breaches(group, translate, provider, values=VALUES):
    """
    Every leaf of a group that breaks the law, in a sentence each; of each group, a sixth of its leaves by seed.

    Args:
        group: Any valid group.
        translate: Gives a `Translation` of a group.
        provider: Whose translation it is.
        values: The values that `any_groups` was given for this cloud, over `VALUES`.
    """
    data, before = plain(group), translate(group)
    sent, texts, inert = bodies(before), said(before), inert_paths(group, provider)
    told = [one for one in leaves(data, provider) if not (is_inert(one.pattern, provider) or one.path in inert)]
    for leaf in sampled(told, -(-len(told) // SHARE), data):
        empty = leaf.whole and leaf.path not in BLOCKS and not any(_is_in(one, leaf) for one in told)
        if empty or _refused(leaf, before):
            continue
        less = without(data, leaf)
        if less is not None:
            after = translate(less)
            reaches = bodies(after) != sent
            gone = texts - said(after)
            silent = not reaches and not any(_names(path, leaf) or _quotes(text, leaf) for path, text in gone)
            if silent and (leaf.whole or not _is_default(data, leaf, values, translate, sent)):
                yield f"{leaf.path}: removed, and nothing changes and nobody said so"
        else:
            changed = [translate(one) for one in others(data, leaf, values)]
            silent = [one for one in changed if bodies(one) == sent]
            reaches = bool(changed) and not silent
            if not all(any(_names_exactly(path, leaf) for path, _ in texts | said(one)) for one in silent):
                yield f"{leaf.path}: changed, and nothing changes and nobody said so"
        if reaches and not leaf.whole and any(path == leaf.path and NOT_USED in text for path, text in texts):
            yield f"{leaf.path}: said to be not used, and a body changes with it"
