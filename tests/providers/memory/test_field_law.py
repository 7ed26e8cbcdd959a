"""The cloud in memory drops no field in silence."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.laws import examples
from tests.providers.any_group import any_groups
from tests.providers.field_law import breaches
from trimtab.providers.memory.translate import MemoryFacts, translate

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def translated(group):
    """A group as the cloud in memory has it, its image found."""
    image = group.template.image
    found = {"web": f"{image.newest}/{image.owner}/{image.architecture}"} if image.newest else {}
    return translate(tt.Fleet(name="virtualmin", groups=[group]), MemoryFacts(images=found), NOW, "local")


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_groups())
def test_every_leaf_reaches_a_body_or_has_its_note(group):
    assert not list(breaches(group, translated, "memory"))
