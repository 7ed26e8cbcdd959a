"""What stands where in a fleet file: templates, start scripts, values that are never shown."""

SECRETS = ("user_data", "user_data_file", "variables")
"""Fields of an instance template whose values no message shows."""


def is_template(path: tuple[str, ...]) -> bool:
    """Whether an instance template is at this path of the file."""
    return path == ("defaults", "template") or (path[:1] == ("groups",) and len(path) == 3 and path[2] == "template")


def is_script(path: tuple[str, ...]) -> bool:
    """Whether a start script is at this path of the file."""
    return path[-1:] == ("user_data",) and is_template(path[:-1])


def is_secret(path: tuple[str, ...]) -> bool:
    """Whether the value at this path of the file is, or stands in the place of, a start script or its variables."""
    return is_template(path) or any(
        step in SECRETS and is_template(path[:depth]) for depth, step in enumerate(path) if depth
    )
