"""
Recorded replies of Azure, read: every leaf is carried, listed as lost, or in the read-only table, exactly one of them.

`pytest tests/providers/azure --recordings DIR` reads any folder of the same form.
"""

import json
import os
import sys
from pathlib import Path

from trimtab.providers.azure.importing import alerts, machine, setting
from trimtab.providers.azure.importing.whole import Replies, import_group
from trimtab.providers.imports import Fate, walk
from trimtab.providers.leaves import Reply

KINDS = {
    "microsoft.compute/virtualmachinescalesets": "scale set",
    "microsoft.insights/autoscalesettings": "setting",
    "microsoft.insights/metricalerts": "alert",
}


def folder(config):
    given = config.getoption("--recordings")
    if given:
        return Path(given)
    shared = os.environ.get("TRIMTAB_SHARED")
    return Path(shared) / "recordings" / "azure" if shared else None


def bodies_in(path):
    """Each distinct body of a resource that a recording answered."""
    interactions = json.loads(path.read_text()).get("interactions") or ()
    for interaction in interactions:
        body = (interaction.get("response") or {}).get("body")
        for one in body.get("value") or [body] if isinstance(body, dict) else ():
            if isinstance(one, dict) and str(one.get("type", "")).lower() in KINDS and one.get("properties"):
                yield KINDS[one["type"].lower()], one


def recorded(config):
    root = folder(config)
    found = {}
    for path in sorted(root.rglob("*.json")) if root and root.is_dir() else ():
        for place, (kind, body) in enumerate(bodies_in(path)):
            key = json.dumps(body, sort_keys=True)
            found.setdefault(key, (f"{path.stem}-{place}", kind, body))
    return list(found.values())


def pytest_generate_tests(metafunc):
    if "body" in metafunc.fixturenames:
        cases = recorded(metafunc.config)
        metafunc.parametrize(("kind", "body"), [case[1:] for case in cases], ids=[case[0] for case in cases])


def table_of(kind, body):
    reply = Reply(kind, body)
    if kind == "scale set":
        reply.take("sku.capacity", "capacity.desired")
        reply.take("tags", "tags")
        machine.machine_of(reply, body["name"])
        return reply.table(machine.READ_ONLY)
    if kind == "setting":
        setting.SettingReading(reply, None).fields()
        return reply.table({**setting.READ_ONLY, "tags\\..*": "tags of the setting"})
    if alerts.alarm_of(reply, "group", ()) is None:
        reply.lose("properties", "no alarm of the model says this alert")
    return reply.table(alerts.READ_ONLY)


def test_every_leaf_has_one_fate(kind, body):
    table = table_of(kind, body)
    sys.stdout.write("".join(f"{line}\n" for line in table.lines()))
    assert [leaf.path for leaf in table.leaves] == [path for path, _ in walk(body)]
    for leaf in table.leaves:
        assert leaf.text, leaf
        assert leaf.fate in Fate
    assert any(leaf.fate is Fate.CARRIED for leaf in table.leaves) or kind == "alert"


def test_recorded_scale_sets_become_groups(kind, body):
    """Whatever is lost, a scale set is a group, and its notes say what."""
    if kind != "scale set":
        return
    found = import_group(Replies(body))
    assert found.group.template.size == body["sku"]["name"]
    assert found.group.capacity.desired == body["sku"]["capacity"]
    assert any("autoscale setting" in note.path for note in found.notes)


def test_there_are_recordings(request, shared):
    assert len(recorded(request.config)) > 20
