"""Every method of groups and autoscalers that is asked by Google's own clients, of a zone and of a region."""

from dataclasses import dataclass
from typing import Any

import pytest
from gcp_bench import PREFIX, PROJECT, REGION, ZONE, Gcp, reason_of
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed
from google.cloud import compute_v1


@dataclass
class Place:
    """A zone or a region, with the clients that ask it."""

    gcp: Gcp
    regional: bool

    @property
    def where(self) -> dict[str, str]:
        return {"project": PROJECT, **({"region": REGION} if self.regional else {"zone": ZONE})}

    @property
    def link(self) -> str:
        return f"regions/{REGION}" if self.regional else f"zones/{ZONE}"

    def client(self, name: str) -> Any:
        return self.gcp.client(f"Region{name}" if self.regional else name)

    def manager(self, verb: str, name: str = "web", body: Any = None, **more: Any) -> Any:
        """What a method of the managers answers; what it starts is waited for."""
        given = {"instance_group_manager": name, **self.where, **more}
        if body is not None:
            scope = "region_" if self.regional else ""
            given[f"{scope}instance_group_managers_{self._word(verb)}_request_resource"] = body
        answer = getattr(self.client("InstanceGroupManagers"), verb)(**given)
        return answer.result() if hasattr(answer, "result") else answer

    def _word(self, verb: str) -> str:
        if verb == "set_instance_template" and self.regional:
            return "set_template"
        return verb.replace("_to_instances", "").replace("recreate_instances", "recreate" if self.regional else verb)

    def get(self) -> Any:
        return self.manager("get")

    def members(self) -> list[Any]:
        return list(self.manager("list_managed_instances"))

    def links(self) -> list[str]:
        return [one.instance for one in self.members()]

    def templates(self) -> list[str]:
        return sorted(one.version.instance_template.rsplit("/", 1)[-1] for one in self.members())


@pytest.fixture(params=["zone", "region"])
def place(gcp: Gcp, request: pytest.FixtureRequest) -> Place:
    """Where there is a group of three."""
    gcp.make_template()
    gcp.make_template("newer")
    found = Place(gcp, request.param == "region")
    gcp.make_group(place=found.link)
    return found


def test_resize(place: Place) -> None:
    place.manager("resize", size=5)
    shown = place.get()
    assert (shown.target_size, len(place.members()), shown.status.is_stable) == (5, 5, True)


def test_delete_and_abandon_instances(place: Place) -> None:
    one, two, three = place.links()
    place.manager("delete_instances", body={"instances": [one]})
    place.manager("abandon_instances", body={"instances": [two]})
    assert (place.get().target_size, place.links()) == (1, [three])
    left = place.gcp.client("Instances").aggregated_list(project=PROJECT)
    assert {each.self_link for _, inner in left for each in inner.instances} == {two, three}


def test_recreate_instances(place: Place) -> None:
    before = {one.instance: one.id for one in place.members()}
    again = min(before)
    place.manager("set_instance_template", body={"instance_template": f"{PREFIX}global/instanceTemplates/newer"})
    assert place.templates() == ["web"] * 3
    place.manager("recreate_instances", body={"instances": [again]})
    after = {one.instance: one.id for one in place.members()}
    assert {link for link in after if after[link] != before[link]} == {again}
    assert place.templates() == ["newer", "web", "web"]


def test_apply_updates(place: Place) -> None:
    place.manager("set_instance_template", body={"instance_template": f"{PREFIX}global/instanceTemplates/newer"})
    place.manager("apply_updates_to_instances", body={"instances": place.links()[:1]})
    assert place.templates() == ["newer", "web", "web"]
    place.manager("apply_updates_to_instances", body={"all_instances": True, "minimal_action": "REPLACE"})
    assert place.templates() == ["newer"] * 3


def test_target_pools(place: Place) -> None:
    place.gcp.ask("POST", f"regions/{REGION}/targetPools", {"name": "pool"})
    pool = f"{PREFIX}regions/{REGION}/targetPools/pool"
    place.manager("set_target_pools", body={"target_pools": [pool], "fingerprint": place.get().fingerprint})
    assert list(place.get().target_pools) == [pool]
    with pytest.raises(PreconditionFailed):
        place.manager("set_target_pools", body={"target_pools": [], "fingerprint": "c3RhbGU="})


def test_errors_and_single_configurations(place: Place) -> None:
    assert list(place.manager("list_errors")) == []
    assert list(place.manager("list_per_instance_configs")) == []
    place.gcp.doors.run_short()
    place.manager("resize", size=4)
    [found] = place.manager("list_errors")
    assert found.error.code == "ZONE_RESOURCE_POOL_EXHAUSTED"
    assert found.instance_action_details.version.instance_template.endswith("/web")
    [waiting] = [one for one in place.members() if one.current_action == "CREATING"]
    assert (waiting.instance_status, waiting.id, waiting.last_attempt.errors.errors[0].code) == (
        "",
        0,
        found.error.code,
    )


def test_a_patch_is_answered_and_seen(place: Place) -> None:
    change = compute_v1.InstanceGroupManager(update_policy={"type": "PROACTIVE"}, target_size=4)
    place.manager("patch", instance_group_manager_resource=change)
    shown = place.get()
    assert (shown.update_policy.type_, shown.update_policy.minimal_action, shown.target_size) == (
        "PROACTIVE",
        "REPLACE",
        4,
    )


def test_delete(place: Place) -> None:
    place.gcp.doors.configure(delete_seconds=30)
    started = place.client("InstanceGroupManagers").delete(instance_group_manager="web", **place.where)
    assert (place.get().current_actions.deleting, place.get().target_size) == (3, 0)
    place.gcp.doors.advance(30)
    assert place.gcp.ask("GET", f"{place.link}/operations/{started.name}")["status"] == "DONE"
    with pytest.raises(NotFound):
        place.get()


def test_autoscalers(place: Place) -> None:
    scalers = place.client("Autoscalers")
    policy = {"min_num_replicas": 4, "max_num_replicas": 8, "mode": "ON"}
    body = {"name": "web", "target": f"{PREFIX}{place.link}/instanceGroupManagers/web", "autoscaling_policy": policy}
    scalers.insert(autoscaler_resource=body, **place.where).result()
    shown = scalers.get(autoscaler="web", **place.where)
    assert (shown.status, shown.recommended_size, place.get().target_size) == ("ACTIVE", 4, 4)
    assert place.get().status.autoscaler == shown.self_link
    with pytest.raises(Conflict) as second:
        scalers.insert(autoscaler_resource={**body, "name": "second"}, **place.where)
    assert reason_of(second.value) == "conflict"
    asked = {"autoscaler": "web", **place.where}
    lower = {"autoscaling_policy": {"max_num_replicas": 3}}
    with pytest.raises(BadRequest, match=r"autoscalingPolicy\.maxNumReplicas"):
        scalers.patch({**asked, "autoscaler_resource": lower})
    higher = {"autoscaling_policy": {"min_num_replicas": 6}}
    assert scalers.patch_unary({**asked, "autoscaler_resource": higher}).status == compute_v1.Operation.Status.DONE
    assert place.get().target_size == 6
    scalers.delete(autoscaler="web", **place.where).result()
    assert [one.name for one in scalers.list(**place.where)] == []
