"""Every public name of `trimtab` as a typed user writes it; only mypy reads this file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, assert_type

import trimtab as tt
from trimtab.engine import (
    PRESETS,
    AlarmState,
    Decision,
    History,
    Observation,
    Preset,
    Reason,
    ReasonCode,
    Recommendation,
    decide,
)

# time
five: timedelta = tt.minutes(5)
assert_type(tt.seconds(90), timedelta)
assert_type(tt.hours(1), timedelta)
manual: tt.Clock = tt.ManualClock(datetime(2026, 1, 5, tzinfo=UTC))
system: tt.Clock = tt.SystemClock()

# metrics
jobs: tt.Metric = tt.metrics.custom("Shop", "JobsWaiting", unit=tt.metrics.Unit.COUNT, dimensions={"Group": "{group}"})
up: tt.Metric = tt.metrics.promql("sum(up)")
assert_type(tt.metrics.cpu, tt.Metric)

# policies
simple = tt.SimplePolicy(name="scale-out", change=+1, cooldown=five)
share = tt.SimplePolicy(name="scale-in", percent=-10, minimum_change=1)
steps = tt.StepPolicy(
    name="steps", steps=(tt.Step(lower=0, upper=10, change=1), tt.Step(lower=10, change=2)), warm_up=five
)
tracking = tt.TargetTrackingPolicy(name="hold", metric=tt.metrics.cpu, target=50)
predictive = tt.PredictivePolicy(name="ahead", metric=tt.metrics.cpu, target=50, buffer=five)

# a group
group = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=2, max=10, desired=2),
    template=tt.InstanceTemplate(
        image=tt.Image(newest="ubuntu/*", owner="099720109477"),
        size="t3.medium",
        user_data="#!/bin/bash\necho {{ tier }}\n",
        variables={"tier": "web"},
        disks=(tt.Disk(size_gb=20, encrypted=True),),
    ),
    placement=tt.Placement(subnet_tags={"Type": "Private"}),
    load_balancers=(tt.LoadBalancer(name="web"),),
    health_check=tt.HealthCheck(by="load-balancer", grace=five),
    purchase=tt.Purchase(spot=True, on_demand_base=1, sizes=(tt.SizeOption(size="t3.large", weight=2),)),
    policies=(simple, share, steps, tracking, predictive),
    alarms=(
        tt.Alarm(name="hot", metric=tt.metrics.cpu, above=70, periods=2, triggers=("scale-out",)),
        tt.Alarm(name="busy", metric=jobs, statistic="p95", at_least=10, period=five),
    ),
    schedules=(tt.Schedule(name="office", cron="0 8 * * 1-5", zone="Europe/Madrid", duration=tt.hours(10), min=4),),
    tags={"Component": "web"},
    aws=tt.AwsSettings(
        lifecycle_hooks=(tt.LifecycleHook(name="drain", on="terminate", timeout=five),),
        warm_pool=tt.WarmPool(min=1, state="stopped"),
    ),
    azure=tt.AzureSettings(orchestration="flexible"),
    gcp=tt.GcpSettings(mode="only-scale-out"),
    unmanaged=("policies.scale-out.cooldown",),
)
fleet = tt.Fleet(name="shop", groups=(group,))
assert_type(fleet["web"], tt.ScalingGroup)

# files
loaded: tt.Fleet = tt.load_fleet("fleet.yaml", env={"SIZE": "t3.medium"})
parsed: tt.Fleet = tt.parse_fleet("name: shop", name="fleet.yaml")
text: str = tt.dump_fleet(fleet)
schema: dict[str, Any] = tt.json_schema()


def life(cloud: tt.Cloud) -> None:
    """Plan, apply, adopt, destroy."""
    plan = cloud.plan(fleet, strict=True, prune=False, refresh=["image"])
    assert_type(plan, tt.Plan)
    assert_type(plan.fingerprint, str)
    assert_type(plan.summary, dict[str, int])
    for change in plan:
        assert_type(change.instances, int)
    if plan:
        result = cloud.apply(plan, wait="healthy", timeout=five, on_event=print, allow_delete=True)
        result.raise_for_failures()
        assert_type(result.failures, tuple[str, ...])
    cloud.apply(cloud.adopt(fleet, ["web"]), "accepted")
    cloud.apply(cloud.destroy(fleet), allow_delete=True, allow_replace=True)


def look(cloud: tt.Cloud) -> list[str]:
    """Status, and one group that exists."""
    status: tt.FleetStatus = cloud.status(fleet)
    first: tt.GroupStatus = status.groups[0]
    if first.state is not None:
        assert_type(first.state.running, int)
    assert_type(first.next_edge, datetime | None)
    live: tt.LiveGroup = cloud.group("web", location="eu-south-2")
    live.scale(to=3)
    assert_type(live.wait(timeout=five, until="healthy").is_stable, bool)
    assert_type(live.read().capacity, tt.Capacity)
    names = [one.id for one in live.instances()]
    causes = [one.cause for one in live.activities(limit=5)]
    return [live.name, *names, *causes]


def bring_in(cloud: tt.Cloud) -> list[str]:
    """A group that exists, as one of a fleet."""
    found: tt.Imported = cloud.read_group("virtualmin-web", "eu-south-2", fleet="virtualmin")
    first: tt.ImportNote | None = next(iter(found.notes), None)
    assert_type(found.group, tt.ScalingGroup)
    if first:
        assert_type(first.effect, tt.ImportEffect)
    return [first.path, first.value, first.reason] if first else []


def operate(cloud: tt.Cloud, now: datetime) -> list[float | None]:
    """Metrics, a watch, a pause, a policy acted on."""
    live = cloud.group("web")
    live.execute("steps", value=85.0, threshold=70)
    live.pause(by="Ana", until=now, why="moving the database")
    pause: tt.Pause | None = live.read().paused
    assert_type(pause.until if pause else None, datetime | None)
    live.resume()
    live.publish(jobs, 3, at=now, dimensions={"Queue": "mail"})
    cloud.publish([tt.MetricValue(metric=jobs, value=3, group=live.name)])
    load: tt.Datapoints = live.datapoints(tt.metrics.cpu, since=five, period=five, statistic="p95")
    assert_type(load.latest, float | None)
    query = tt.MetricQuery(group=live.name, metric=tt.metrics.memory, since=now - five, until=now)
    assert_type(cloud.datapoints([query]), tuple[tt.Datapoints, ...])
    watch: tt.Watch = cloud.watch(fleet)
    assert_type(watch.look(), tt.FleetStatus)
    for status in watch.looks(five):
        assert_type(status.groups[0].activity is None, bool)
        break
    cloud.permissions(fleet, read_only=True)
    cloud.status(fleet, addresses=True)
    assert_type(cloud.now(), datetime)
    return list(load.values)


def connect() -> None:
    """Each provider by its own overload, and one that is only known at run time."""
    with tt.connect("memory", clock=manual, location="local") as memory:
        life(memory)
    with tt.connect("aws", region="eu-south-2", endpoint="http://127.0.0.1:5055", clock=system, workers=4) as aws:
        look(aws)
    name: str = "aws"
    tt.connect(name, region="eu-south-2").close()


def mend() -> str:
    """Errors as a tree."""
    try:
        connect()
    except tt.errors.ConfigError as error:
        return error.problems[0]
    except (tt.errors.StalePlan, tt.errors.ConsentMissing, tt.errors.ForeignResource) as error:
        return str(error)
    except tt.errors.ApplyFailed as error:
        return error.failures[0]
    except tt.errors.ProviderError as error:
        return f"{error.provider} {error.operation} {error.code}"
    except tt.errors.TrimtabError:
        return ""
    return "fine"


def watched(cloud: tt.Cloud, plan: tt.Plan, saved: dict[str, object]) -> tt.Applied:
    """Apply an approved plan and look at each event and outcome."""

    def listener(event: tt.Event) -> None:
        match event:
            case tt.ChangeStarted(change=change) | tt.ChangeEnded(change=change):
                assert_type(change.group, str)
            case tt.Waiting(ready=ready, desired=desired):
                assert_type(ready + desired, int)
            case tt.EndpointFound(source=source):
                assert_type(source, str)
            case tt.CallRetried(operation=operation):
                assert_type(operation, str)

    tt.check_saved(plan, saved)
    applied = cloud.apply(plan, on_event=listener)
    for outcome in applied.outcomes:
        assert_type(outcome, tt.Outcome)
    return applied.raise_for_failures()


def advised() -> dict[str, Any]:
    """Advice about a fleet, and where its file gives what is meant."""
    findings: tuple[tt.Finding, ...] = tt.check_fleet(fleet, provider="aws", select=["TT1"], ignore=("TT105",))
    first = findings[0]
    assert_type(first.page, str)
    if first.position is not None:
        assert_type(first.position.line, int)
    return first.to_dict()


def decided(group: tt.ScalingGroup, history: History, now: datetime) -> tuple[int, list[str]]:
    """One decision, its reasons by code and number."""
    seen = Observation(desired=2, alarms={"hot": [71.0, None, 80.5]}, policies={"hold": [55.0]})
    decision = decide(group, seen, history, now, preset="ec2")
    assert_type(decision, Decision)
    assert_type(decision.alarms["hot"], AlarmState)
    assert_type(decision.history, History)
    for reason in decision.reasons:
        assert_type(reason, Reason)
        assert_type(reason.code, ReasonCode)
        assert_type(reason.details, dict[str, Any])
    asked: tuple[Recommendation, ...] = decision.recommendations
    own: Preset = replace(PRESETS["neutral"], name="own", estimate=False)
    return decide(group, seen, history, now, own).size, [one.policy for one in asked]
