"""What stands where in a fleet file: templates, start scripts, values that are never shown."""

SECRETS = ("user_data", "user_data_file", "user_data_parts", "variables", "admin_password")
"""Fields of an instance template whose values no message shows."""
_NAMED = {"policies", "alarms", "schedules"}


def in_place(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of what an overlay's field is laid over; any other path as it is."""
    depth = {"overlays": 0, "defaults": 1, "groups": 2}.get(path[0], 0) if path else 0
    is_overlay = len(path) > depth + 1 and path[depth] == "overlays"
    return path[:depth] + path[depth + 2 :] if is_overlay else path


def is_named(path: tuple[str, ...]) -> bool:
    """Whether what is inside this path goes by name: groups, policies, alarms, schedules."""
    path = in_place(path)
    if path[:1] == ("groups",):
        return len(path) == 1 or (len(path) == 3 and path[2] in _NAMED)
    return path[:1] == ("defaults",) and len(path) == 2 and path[1] in _NAMED


def is_template(path: tuple[str, ...]) -> bool:
    """Whether an instance template is at this path of the file."""
    path = in_place(path)
    return path == ("defaults", "template") or (path[:1] == ("groups",) and len(path) == 3 and path[2] == "template")


def is_script(path: tuple[str, ...]) -> bool:
    """Whether a start script, or a part of one, is at this path of the file."""
    is_part = path[-2:-1] == ("user_data_parts",) and is_template(path[:-2])
    return is_part or (path[-1:] == ("user_data",) and is_template(path[:-1]))


def is_part_file(path: tuple[str, ...]) -> bool:
    """Whether what is at this path of the file stands for a part of a start script."""
    return is_script(path) and path[-1] != "user_data"


def is_password(path: tuple[str, ...]) -> bool:
    """Whether a password is at this path of the file, or the name of the variable that has it."""
    return any(step == "admin_password" and is_template(path[:depth]) for depth, step in enumerate(path))


def is_secret(path: tuple[str, ...]) -> bool:
    """Whether the value at this path of the file is, or stands in the place of, a start script, a variable or a key."""
    return (
        is_template(path)
        or in_place(path)[:1] == ("sources",)
        or any(step in SECRETS and is_template(path[:depth]) for depth, step in enumerate(path) if depth)
    )
