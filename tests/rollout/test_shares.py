"""Blue-green rollouts that shift shares of the requests: weights of listeners, rules, URL maps and backends."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.providers.aws.world import AwsWorld
from tests.providers.gcp.rights import permission_of
from tests.providers.gcp.world import LOCATION, GcpWorld
from trimtab.models import Checkpoint, Rollout
from trimtab.rollout import RolloutOutcome

LOOK = timedelta(seconds=30)
STEPS = [Checkpoint(percent=10, bake="30s"), Checkpoint(percent=60, bake="30s")]


class Front:
    """A cloud with two pools behind one balancer, and the clients that send it requests."""

    pools = (tt.LoadBalancer(name="blue", alternate="green"),)
    sizes = ("t3.small", "t3.large")

    def fleet(self, size=0, **rollout):
        spec = Rollout(strategy="blue-green", checkpoints=STEPS, bake="30s", end_after="1m", **rollout)
        template = tt.InstanceTemplate(image=self.image, size=self.sizes[size])
        group = tt.ScalingGroup(
            name="web", capacity=tt.Capacity(min=2, max=4), template=template, load_balancers=self.pools, rollout=spec
        )
        return tt.Fleet(name="shop", groups=[group])

    def start(self, cloud, fleet):
        rollouts = cloud.rollouts(fleet)
        rollouts.start(by="ana")
        return rollouts

    def drive(self, rollouts, until=None, most=200):
        """The weights at each step and phase, and how the last look ended."""
        seen = []
        for _ in range(most):
            (result,) = rollouts.tick()
            assert result.outcome is not RolloutOutcome.ERROR, result.text
            self.send_requests()
            entry = (result.run.step, result.run.phase.value, self.green())
            seen += [entry] if entry not in seen else []
            if result.is_settled or (until is not None and entry[:2] == until):
                return seen, result
            self.world.cloud.clock.advance(LOOK)
        raise AssertionError(result)

    def green(self):
        return self.weights()["green"]

    def send_requests(self):
        """Each request finds an instance that runs and that its pool holds to be healthy, whatever is drawn."""
        for pool, weight in self.weights().items():
            assert not weight or self.ready(pool), (pool, self.weights())


class AwsFront(Front):
    image = "ami-03cf127a"
    kind, protocol = "application", "HTTP"

    def __init__(self, world):
        self.world = world
        ec2, elbv2 = world.client("ec2"), world.client("elbv2")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
        balancer = elbv2.create_load_balancer(Name="front", Subnets=subnets, Type=self.kind)["LoadBalancers"][0][
            "LoadBalancerArn"
        ]
        self.arns = {}
        for name in ("blue", "green", "other"):
            group = elbv2.create_target_group(Name=name, Protocol=self.protocol, Port=80, VpcId=vpc)["TargetGroups"][0]
            self.arns[name] = group["TargetGroupArn"]
        self.elbv2 = elbv2
        where = {"LoadBalancerArn": balancer, "Protocol": self.protocol}
        self.listener = elbv2.create_listener(**where, Port=80, DefaultActions=self.actions(blue=100, green=0))[
            "Listeners"
        ][0]["ListenerArn"]
        self.rule = None
        if self.kind == "network":
            return
        second = elbv2.create_listener(**where, Port=8080, DefaultActions=self.actions(other=1))["Listeners"][0]
        path = [{"Field": "path-pattern", "Values": ["/shop"]}]
        self.rule = elbv2.create_rule(
            ListenerArn=second["ListenerArn"], Priority=7, Conditions=path, Actions=self.actions(blue=100, green=0)
        )["Rules"][0]["RuleArn"]

    def actions(self, *, sticky=False, **weights):
        targets = [{"TargetGroupArn": self.arns[name], "Weight": weight} for name, weight in weights.items()]
        sticks = {"Enabled": sticky, **({"DurationSeconds": 60} if sticky else {})}
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": targets, "TargetGroupStickinessConfig": sticks}}]

    def weights(self):
        actions = [self.elbv2.describe_listeners(ListenerArns=[self.listener])["Listeners"][0]["DefaultActions"][0]]
        if self.rule:
            actions.append(self.elbv2.describe_rules(RuleArns=[self.rule])["Rules"][0]["Actions"][0])
        by_arn = {arn: name for name, arn in self.arns.items()}
        first, *others = (
            {by_arn[each["TargetGroupArn"]]: each["Weight"] for each in action["ForwardConfig"]["TargetGroups"]}
            for action in actions
        )
        assert all(each == first for each in others)
        return first

    def rights(self):
        calls = {
            f"elasticloadbalancing:{one.operation}" for one in self.world.doors.requests() if one.service == "elbv2"
        }
        wanted = {"ModifyListener", "ModifyRule"} if self.rule else {"ModifyListener"}
        assert {f"elasticloadbalancing:{operation}" for operation in wanted} <= calls
        return calls

    @staticmethod
    def allowed(cloud, fleet):
        return {action for statement in cloud.permissions(fleet)["Statement"] for action in statement["Action"]}

    def ready(self, pool):
        health = self.elbv2.describe_target_health(TargetGroupArn=self.arns[pool])["TargetHealthDescriptions"]
        return [each["Target"]["Id"] for each in health if each["TargetHealth"]["State"] == "healthy"]


class GcpFront(Front):
    image = "debian-cloud/debian-12"
    sizes = ("e2-small", "e2-medium")
    scope = "global"

    def __init__(self, world):
        self.world = world
        scope = self.scope
        check = {"name": "front", "type": "HTTP", "httpHealthCheck": {"port": 80, "requestPath": "/"}}
        world.ask("POST", f"{scope}/healthChecks", check)
        for name in ("blue", "green", "other"):
            body = {"name": name, "healthChecks": [f"{scope}/healthChecks/front"], "portName": "http"}
            world.ask("POST", f"{scope}/backendServices", {**body, "loadBalancingScheme": "EXTERNAL_MANAGED"})
        shared = {"weightedBackendServices": self.weighted(blue=100, green=0)}
        rule = {"priority": 1, "matchRules": [{"prefixMatch": "/shop"}], "routeAction": shared}
        matcher = {"name": "shop", "defaultService": f"{scope}/backendServices/other", "routeRules": [rule]}
        hosts = [{"hosts": ["shop.example.org"], "pathMatcher": "shop"}]
        body = {"name": "front", "defaultRouteAction": shared, "hostRules": hosts, "pathMatchers": [matcher]}
        world.ask("POST", f"{scope}/urlMaps", body)

    def weighted(self, **weights):
        return [
            {"backendService": f"{self.scope}/backendServices/{name}", "weight": weight}
            for name, weight in weights.items()
        ]

    def weights(self):
        body = self.world.ask("GET", f"{self.scope}/urlMaps/front")
        first, second = (
            {each["backendService"].rsplit("/", 1)[1]: each["weight"] for each in action["weightedBackendServices"]}
            for action in (body["defaultRouteAction"], body["pathMatchers"][0]["routeRules"][0]["routeAction"])
        )
        assert first == second
        return first

    def rights(self):
        found = {permission_of(call) for call in self.world.doors.requests()}
        assert {"compute.urlMaps.update", "compute.regionUrlMaps.update"} & found
        return found

    @staticmethod
    def allowed(cloud, fleet):
        return set(cloud.permissions(fleet)["includedPermissions"])

    def ready(self, pool):
        backends = self.world.ask("GET", f"{self.scope}/backendServices/{pool}").get("backends") or ()
        return [one for each in backends if each["capacityScaler"] for one in self.healthy(pool, each)]

    def healthy(self, pool, backend):
        path = f"{self.scope}/backendServices/{pool}/getHealth"
        reply = self.world.ask("POST", path, {"group": backend["group"]})
        return [each for each in reply.get("healthStatus") or () if each["healthState"] == "HEALTHY"]


class RegionalFront(GcpFront):
    """A regional balancer."""

    scope = f"regions/{LOCATION}"


class NetworkFront(AwsFront):
    """A Network Load Balancer: its listeners have weights, and no rules."""

    kind, protocol = "network", "TCP"


class OnePool(GcpFront):
    """Two groups in the only backend service."""

    pools = (tt.LoadBalancer(name="blue"),)

    def weights(self):
        return {"blue": 100}

    def green(self):
        """The scaler of the capacity of the newest group beside those of the others, in per cent of both."""
        backends = self.world.ask("GET", "global/backendServices/blue")["backends"]
        newest = [each["capacityScaler"] for each in backends if not each["group"].endswith("/shop-web")]
        whole = sum(each["capacityScaler"] for each in backends)
        return round(100 * sum(newest) / whole)


FRONTS = {
    "aws": AwsFront,
    "aws-network": NetworkFront,
    "gcp": GcpFront,
    "gcp-regional": RegionalFront,
    "gcp-one-pool": OnePool,
}


@pytest.fixture(name="front")
def _front(request):
    emulator = request.getfixturevalue("gcp_emulator" if request.param.startswith("gcp") else "aws_emulator")
    emulator.doors.reset()
    return FRONTS[request.param](GcpWorld(emulator) if request.param.startswith("gcp") else AwsWorld(emulator))


@pytest.mark.sample(2)
@pytest.mark.parametrize("front", ["aws", "aws-network", "gcp", "gcp-regional"], indirect=True)
def test_requests_move_to_the_new_group_and_with_the_next_one_back(front):
    old, new = front.fleet(), front.fleet(1)
    with front.world.connect() as cloud:
        cloud.apply(cloud.plan(old)).raise_for_failures()
        front.world.doors.clear_requests()
        seen, result = front.drive(front.start(cloud, new))
        assert front.rights() <= front.allowed(cloud, new)
        assert result.outcome is RolloutOutcome.DONE, result
        assert [each for each in seen if each[1] in ("baking", "ending")] == [
            (1, "baking", 10),
            (2, "baking", 60),
            (3, "baking", 100),
            (3, "ending", 100),
        ]
        plan = cloud.plan(new)
        assert not plan, plan.to_text()
        assert cloud.status(new).groups[0].name.startswith("shop-web-")
        if type(front) is AwsFront:  # one cloud stands for both
            _, result = front.drive(front.start(cloud, old))
            assert (result.outcome, front.green()) == (RolloutOutcome.DONE, 0)
            assert not cloud.plan(old)
        cloud.apply(cloud.destroy(new), allow_delete=True).raise_for_failures()
        assert not cloud.destroy(new)


@pytest.mark.parametrize(
    ("front", "phase"),
    [("aws", (3, "ending")), ("gcp", (2, "baking")), ("gcp-one-pool", (3, "ending"))],
    indirect=["front"],
)
def test_the_way_back_returns_the_weights(front, phase):
    old, new = front.fleet(), front.fleet(1)
    with front.world.connect() as cloud:
        cloud.apply(cloud.plan(old)).raise_for_failures()
        rollouts = front.start(cloud, new)
        seen, _ = front.drive(rollouts, until=phase)
        assert [each for each in seen if each[1] == "baking"][-1] == (phase[0], "baking", 100 if phase[0] == 3 else 60)
        rollouts.abort("web", by="ana")
        _, result = front.drive(rollouts)
        assert (result.outcome, front.green()) == (RolloutOutcome.ROLLED_BACK, 0)
        plan = cloud.plan(old)
        assert not plan, plan.to_text()
        said = [
            note for note in plan.notes if note.approximation and "load-balancing/docs/backend-service" in note.text
        ]
        assert len(said) == isinstance(front, OnePool)


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ({"blue": 1}, "no listener and no rule sends requests to both 'blue' and 'green'"),
        ({"blue": 1, "green": 0, "other": 3}, "the listener of port 80 sends requests to other pools too"),
        ({"blue": 1, "green": 0, "sticky": True}, "the listener of port 80 keeps clients"),
    ],
)
@pytest.mark.parametrize("front", ["aws"], indirect=True)
def test_what_keeps_target_groups_from_sharing_requests_is_said(front, weights, text):
    actions = front.actions(**weights)
    front.elbv2.modify_listener(ListenerArn=front.listener, DefaultActions=actions)
    front.elbv2.modify_rule(RuleArn=front.rule, Actions=front.actions(**weights))
    with front.world.connect() as cloud:
        plan = cloud.plan(front.fleet())
    remarks = plan.notes if "sticky" in weights else plan.problems
    assert [each.text for each in remarks if each.text.startswith(f"load_balancers.0.alternate: {text}")]


@pytest.mark.parametrize("front", ["gcp"], indirect=True)
def test_a_service_that_no_route_shares_is_said(front):
    one = front.fleet()
    other = tt.LoadBalancer(name="blue", alternate=front.world.service)
    with front.world.connect() as cloud:
        plan = cloud.plan(one.replace(groups=[one["web"].replace(load_balancers=[other])]))
    assert [each.text for each in plan.problems if "no route of a URL map sends requests to both" in each.text]


@pytest.mark.parametrize("front", ["gcp"], indirect=True)
def test_a_service_that_would_keep_clients_is_said(front):
    front.world.ask("PATCH", "global/backendServices/green", {"sessionAffinity": "GENERATED_COOKIE"})
    with front.world.connect() as cloud:
        plan = cloud.plan(front.fleet())
    said = "load_balancers.0.alternate: GENERATED_COOKIE of backend service 'green' keeps no client"
    assert [note.text.startswith(said) for note in plan.notes if "alternate" in note.text] == [True]
    assert not plan.problems
