"""The blocks of settings under `settings:`, held against what their providers declare."""

from trimtab.declarations.find import declarations_of
from trimtab.errors import ConfigError, InvalidModel
from trimtab.models.fleet import Fleet


def check_settings(fleet: Fleet, name: str) -> None:
    """
    Hold the groups' blocks under `settings:` against what the provider declares.

    Raises:
        ConfigError: One has a field that the provider does not know, or a wrong value; it names the place.
    """
    model = declarations_of(name).settings
    problems = []
    for group in fleet.groups:
        given = group.settings.get(name)
        if given is None:
            continue
        if model is None:
            problems.append(_problem(fleet, group.name, f"settings.{name}", f"{name} has no settings; leave it out"))
            continue
        try:
            model.model_validate(given)
        except InvalidModel as error:
            problems += [
                _problem(fleet, group.name, f"settings.{name}.{problem.path}".rstrip("."), problem.message)
                for problem in error.problems
            ]
    if problems:
        raise ConfigError(problems)


def _problem(fleet: Fleet, group: str, path: str, text: str) -> str:
    place = fleet.position(group, path)
    return f"{f'{place}: ' if place else ''}group {group!r}: {path}: {text}"
