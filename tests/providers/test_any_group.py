"""What the groups of the field law reach: every leaf of the model, with every value of a closed choice."""

from tests.providers.any_group import STRUCTURE, VALUES, Drawer, closed_choices
from tests.providers.field_law import leaves, plain
from trimtab.declarations import declarations_of, provider_names

WITH_DEFAULT = frozenset(
    {
        *("policies.*.statistic", "alarms.*.statistic", "alarms.*.missing", "health_check.by", "policies.*.mode"),
        *("policies.*.maximum_breach", "azure.orchestration", "aws.warm_pool.state"),
    }
)


def test_there_are_values_for_every_leaf_of_the_model_and_for_nothing_else():
    assert set(VALUES) == set(closed_choices())


def test_the_values_of_a_closed_choice_are_all_there():
    for path, choices in closed_choices().items():
        assert choices is None or set(VALUES[path]) == choices, path


def test_the_groups_set_every_leaf_and_every_value_of_it():
    seen = set()
    for seed in range(600):
        data = plain(Drawer(seed, VALUES).group())
        for leaf in leaves(data, "memory"):
            value = data
            for step in leaf.steps:
                value = value[step]
            seen.add((leaf.pattern, None if isinstance(value, (dict, list)) else value))
    assert set(VALUES) - {pattern for pattern, _ in seen} == set()
    for path, choices in closed_choices().items():
        missing = {value for value in choices or () if (path, value) not in seen}
        assert missing <= defaults(path), (path, missing)


def defaults(path):
    """A value that is a field's default counts as not set."""
    if path.startswith("rollout."):
        return {"rolling", "skip", "rollback", "higher", "http", "private", False, True}
    if path == "load_balancers.*.haproxy.reach":
        return {"private"}
    if path in WITH_DEFAULT:
        return {"average", "missing", "instance", "forecast-only", "honor", "uniform", "stopped"}
    return {False, True}


def test_the_table_of_inert_leaves_names_leaves_of_the_model_and_is_small():
    known = {*VALUES, *STRUCTURE}
    for provider in provider_names():
        rows = declarations_of(provider).inert
        assert set(rows) - {"rollout.**", "load_balancers.*.haproxy.**"} <= known, provider
        assert all(reason for reason in rows.values())
        assert len(rows) < 17, provider
