"""The rules find what they are for; `pytest examples/own-checks` with the distribution installed."""

import trimtab as tt

FLEET = """
name: shop
groups:
  web:
    capacity: {min: 2, max: 6}
    template: {image: ami-0abcdef1234567890, size: t3.medium}
    placement: {zones: [us-east-1a]}
    tags: {Environment: production}
"""


def test_they_find_what_they_are_for():
    found = tt.check_fleet(tt.parse_fleet(FLEET), select=["ACME"])
    assert [(finding.code, finding.path) for finding in found] == [("ACME101", "tags"), ("ACME201", "placement.zones")]


def test_they_let_the_rest_be():
    text = FLEET.replace("[us-east-1a]", "[us-east-1a, us-east-1b]").replace("{Env", "{Owner: web@acme.example, Env")
    assert not tt.check_fleet(tt.parse_fleet(text), select=["ACME"])
