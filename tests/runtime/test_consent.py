"""Instances end only where the caller agreed to that: to a deletion and to a replacement each on its own."""

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.errors import ConsentMissing


def test_who_agrees_to_the_one_has_not_agreed_to_the_other():
    with tt.connect("memory") as cloud:
        cloud.apply(cloud.plan(make_fleet(make_group("web", placement={"zones": ["a"]})))).raise_for_failures()
        moved = make_fleet(make_group("web", placement={"zones": ["b"]}))
        with pytest.raises(ConsentMissing, match=r"this replaces .*allow_replace=True"):
            cloud.apply(cloud.plan(moved), allow_delete=True)
        cloud.apply(cloud.plan(moved), allow_replace=True).raise_for_failures()
        gone = make_fleet(make_group("api"))
        with pytest.raises(ConsentMissing, match=r"this deletes .*allow_delete=True"):
            cloud.apply(cloud.plan(gone), allow_replace=True)
