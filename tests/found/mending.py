"""A fleet that follows what the problems of a plan say: what they name is left out, accepted, or said neutrally."""

import trimtab as tt

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEy8JSUl0XqjEjDLaS/r5DVgeF+N0wI32XwB05JBFgcf operator"
PLACES = {
    "aws": {"subnet_tags": {"Type": "Private"}},
    "azure": {"network": "virtualmin", "subnets": ["private"]},
    "gcp": {},
}
"""Where groups can stand in the furnished account of each cloud."""
NEUTRAL = {"template.image": {"os": "ubuntu-22.04"}, "template.size": {"cpus": 2, "memory_gb": 4}}
ITEMS = ("policies", "alarms", "schedules")


def mended(fleet, problems, provider):
    """The fleet after one look at its problems."""
    groups = {group.name: group.model_dump(mode="json", exclude_unset=True) for group in fleet.groups}
    for problem in problems:
        for path in problem.text.partition(": ")[0].split(", "):
            mend(groups[problem.group], path, problem.text, provider)
    return fleet.model_copy(update={"groups": tuple(tt.ScalingGroup.model_validate(one) for one in groups.values())})


def mend(group, path, text, provider):
    """Follow one problem: accept another size, take a neutral word or a place that is there, else leave it out."""
    steps = path.split(".")
    whole = ".".join(steps[:2])
    if "`approximate: true`" in text and steps[0] == "policies":
        one(group, steps)["approximate"] = True
    elif whole in NEUTRAL:
        group["template"][steps[1]] = NEUTRAL[whole]
    elif steps[0] == "placement":
        group["placement"] = PLACES[provider]
    elif whole == "template.ssh_key" and provider != "aws":
        group["template"]["ssh_key"] = KEY
    elif steps[0] in ITEMS:
        without_item(group, steps[0], steps[1] if steps[1:] else None)
    else:
        without_leaf(group, steps)


def one(group, steps):
    """The item that steps lead to."""
    return next(item for item in group[steps[0]] if item["name"] == steps[1])


def without_item(group, kind, name):
    """The group without an item, and without what triggers it; without all of a kind where none is named."""
    group[kind] = [item for item in group.get(kind, ()) if name is not None and item["name"] != name]
    if kind == "policies":
        for alarm in group.get("alarms", ()):
            alarm["triggers"] = [word for word in alarm.get("triggers", ()) if word != name]


def without_leaf(group, steps):
    """The group without a leaf, or without the list that it is in."""
    holder = group
    for step in steps[:-1]:
        if not isinstance(holder.get(step), dict):
            break  # a list, which goes whole, perhaps for another problem already
        holder, steps = holder[step], steps[1:]
    holder.pop(steps[0], None)
