"""Alert rules and the dashboard: judged by promtool, and held against the metrics that there are."""

import json
import re

import pytest
import yaml

from tests.deploy.places import DEPLOY, judged

pytest.importorskip("prometheus_client")

from trimtab.controller.exposition import FAMILIES, FamilyType

RULES = DEPLOY / "prometheus" / "trimtab.rules.yaml"
UNITS = DEPLOY / "prometheus" / "trimtab.rules.test.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "trimtab.json").read_text())
DEBIAN = "Debian's package prometheus"
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
NAME = re.compile(r"\btrimtab_\w+")


def panel_queries():
    return [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]]


QUERIES = [*panel_queries(), *((alert["alert"], alert["expr"]) for alert in ALERTS)]


def test_promtool_takes_the_rules():
    code, said = judged("promtool", "check", "rules", RULES, package=DEBIAN)
    assert code == 0, said
    assert f"{len(ALERTS)} rules found" in said


def test_the_rules_alert_when_they_should_and_only_then():
    code, said = judged("promtool", "test", "rules", UNITS, package=DEBIAN)
    assert code == 0, said


def broken(alert):
    """Ways in which a rule could be wrong."""
    yield "never", {**alert, "expr": f"({alert['expr']}) and vector(1) == 2"}
    if alert["expr"].startswith("absent"):
        yield "always", {**alert, "expr": "vector(1)"}
    if "for" in alert:
        yield "late", {**alert, "for": "1d"}
        yield "early", {key: value for key, value in alert.items() if key != "for"}


BROKEN = [(alert["alert"], how, rule) for alert in ALERTS for how, rule in broken(alert)]


@pytest.mark.sample(6, per="how")
@pytest.mark.parametrize(("name", "how", "rule"), BROKEN, ids=[f"{name}-{how}" for name, how, _ in BROKEN])
def test_a_rule_that_is_wrong_is_found_by_its_tests(name, how, rule, tmp_path):
    rules = [rule if each["alert"] == name else each for each in ALERTS]
    (tmp_path / RULES.name).write_text(yaml.safe_dump({"groups": [{"name": "trimtab", "rules": rules}]}))
    (tmp_path / UNITS.name).write_text(UNITS.read_text())
    code, said = judged("promtool", "test", "rules", tmp_path / UNITS.name, package=DEBIAN)
    assert code != 0, how
    assert name in said


@pytest.mark.parametrize(
    ("title", "query"), QUERIES, ids=[f"{title}-{place}" for place, (title, _) in enumerate(QUERIES)]
)
def test_queries_ask_for_metrics_and_labels_that_exist(title, query):
    names = set(NAME.findall(query))
    assert names
    assert names <= FAMILIES.keys()
    for name in names:
        family = FAMILIES[name]
        for chosen in re.findall(rf"{name}\{{([^}}]*)\}}", query):
            assert {part.split("=")[0].strip(" ~!") for part in chosen.split(",")} <= {*family.labels}
        if family.type is FamilyType.COUNTER:
            assert re.search(rf"(rate|increase)\({name}\b", query), "a counter is of use by its increase"
    kept = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", query) for label in labels.split(",")}
    assert kept <= {label for name in names for label in FAMILIES[name].labels} | {"instance"}


def test_everything_that_is_told_is_shown_or_alerts():
    assert FAMILIES.keys() == {name for _, query in QUERIES for name in NAME.findall(query)}


def test_promtool_takes_the_queries_of_the_dashboard(tmp_path):
    filled = [
        {"record": f"panel:{place}", "expr": re.sub(r"\$(provider|fleet|group)\b", ".*", query)}
        for place, (_, query) in enumerate(panel_queries())
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": filled}]}).replace("$__rate_interval", "5m"))
    code, said = judged("promtool", "check", "rules", file, package=DEBIAN)
    assert code == 0, said


def test_the_dashboard_can_be_imported():
    """https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/"""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {
        "datasource",
        "provider",
        "fleet",
        "group",
    }
    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} == {"${datasource}"}
    taken = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(set(taken)) == len(taken), "no panel lies on another"
    assert max(x for x, _ in taken) < 24
