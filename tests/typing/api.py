"""Every public name of `trimtab` as a typed user writes it; only mypy reads this file."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, assert_type

import trimtab as tt
from trimtab.engine import (
    PRESETS,
    AlarmStatus,
    Decision,
    DecisionReason,
    History,
    Observation,
    Preset,
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
up: tt.Metric = tt.metrics.promql("sum(up)", source="eu")
carts: tt.Metric = tt.metrics.external("carts", unit="count")
settings: tt.SourceSettings = tt.SourceSettings(
    prometheus="https://prometheus.example.com", token=tt.EnvironmentVariable(env="TOKEN"), stale_after="2m"
)
assert_type(tt.metrics.cpu, tt.Metric)

# policies
simple = tt.SimplePolicy(name="scale-out", change=+1, cooldown=five)
share = tt.SimplePolicy(name="scale-in", percent=-10, minimum_change=1)
steps = tt.StepPolicy(
    name="steps", steps=(tt.Step(lower=0, upper=10, change=1), tt.Step(lower=10, change=2)), warm_up=five
)
tracking = tt.TargetTrackingPolicy(name="hold", metric=tt.metrics.cpu, target=50)
predictive = tt.PredictivePolicy(name="ahead", metric=tt.metrics.cpu, target=50, buffer=five)

# sizes by what they have
asked = tt.SizeRequirement(cpus=2, memory_gb=tt.MemoryRange(min=4, max=8), gpu=tt.CountRange(min=1), burstable=False)
neutral = tt.InstanceTemplate(image=tt.Image(os="ubuntu-22.04"), size=asked)

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
    load_balancers=(
        tt.LoadBalancer(name="web"),
        tt.LoadBalancer(haproxy=tt.HaproxyBalancer(socket="/run/haproxy/admin.sock", backend="web", port=8080)),
    ),
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
        maintenance=tt.InstanceMaintenance(min_healthy=90, max_healthy=120),
        group_tags={"CostCenter": "hosting"},
        notify_scaling=[tt.ScalingNotification(topic="arn:aws:sns:us-east-1:123456789012:ops", on=["launch"])],
    ),
    azure=tt.AzureSettings(orchestration="flexible"),
    gcp=tt.GcpSettings(mode="only-scale-out"),
    unmanaged=("policies.scale-out.cooldown",),
)
fleet = tt.Fleet(
    name="shop",
    groups=(group,),
    connect=tt.ConnectSettings(provider="aws", region="eu-south-2"),
    limits=tt.PlanLimits(fall="25%", rise=10, deletions=1),
)
assert_type(fleet["web"], tt.ScalingGroup)

# files
loaded: tt.Fleet = tt.load_fleet("fleet.yaml", env={"SIZE": "t3.medium"})
parsed: tt.Fleet = tt.parse_fleet("name: shop", name="fleet.yaml")
text: str = tt.dump_fleet(fleet)
schema: dict[str, Any] = tt.json_schema()


def open_fleet() -> tt.Cloud:
    """The cloud that a fleet says it is in."""
    assert_type(tt.connect(fleet), tt.Cloud)
    return tt.connect(fleet, region="eu-west-1", workers=4)


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


def behind_haproxy(cloud: tt.Cloud) -> None:
    """The servers of HAProxies, once and before instances end."""
    sync = tt.HaproxySync(fleet, cloud, groups=["web"])
    backends: tuple[tt.SyncedBackend, ...] = sync.sync(wait=five, shares={"web": {"shop-web": 100}})
    assert_type(backends[0].is_settled, bool)
    tt.HookConsumer(cloud, queue="hooks", handlers=tt.drain_handlers(sync), fleet=fleet).poll()


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
    found: tt.Imported = cloud.import_group("virtualmin-web", "eu-south-2", fleet="virtualmin")
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
    live.boost(min=3, until=cloud.now() + tt.hours(1), by="Ana")
    boost: tt.Boost | None = live.read().boost
    assert_type(boost.min if boost else None, int | None)
    live.end_boost()
    assert_type(live.protect("i-1", "i-2"), None)
    live.unprotect("i-1")
    live.drain("i-1", shrink=True)
    live.replace("i-1")
    live.end("i-1", shrink=True)
    live.end("i-1")  # type: ignore[call-arg]
    assert_type(pause.until if pause else None, datetime | None)
    live.resume()
    live.publish(jobs, 3, at=now, dimensions={"Queue": "mail"})
    cloud.publish([tt.MetricValue(metric=jobs, value=3, group=live.name)])
    load: tt.Datapoints = live.datapoints(tt.metrics.cpu, since=five, period=five, statistic="p95")
    assert_type(load.latest, float | None)
    query = tt.MetricQuery(group=live.name, metric=tt.metrics.memory, since=now - five, until=now)
    assert_type(cloud.datapoints([query]), tuple[tt.Datapoints, ...])
    watch: tt.Watch = cloud.watch(fleet)
    assert_type(watch.snapshot(), tt.FleetStatus)
    for status in watch.stream(five):
        assert_type(status.groups[0].activity is None, bool)
        break
    cloud.permissions(fleet, read_only=True)
    cloud.permissions(fleet, controller=True)
    cloud.permissions(fleet, instances=True)
    cloud.status(fleet, addresses=True)
    assert_type(cloud.now(), datetime)
    return list(load.values)


def controlled(cloud: tt.Cloud, source: tt.Source) -> None:
    """The loop, embedded."""
    store: tt.Store = tt.open_store("sqlite://")
    with tt.Controller(fleet, cloud, sources=[source], store=store, every=five, shadow=True) as controller:
        tick: tt.Tick = controller.tick()
        web: tt.GroupTick = tick["web"]
        assert_type(web.outcome is tt.TickOutcome.WRITTEN, bool)
        controller.run(stop=threading.Event())


def connect() -> None:
    """Each provider by its own overload, and one that is only known at run time."""
    with tt.connect("memory", clock=manual, location="local") as memory:
        life(memory)
    with tt.connect("aws", region="eu-south-2", endpoint="http://127.0.0.1:5055", clock=system, workers=4) as aws:
        look(aws)
    name: str = "aws"
    tt.connect(name, region="eu-south-2").close()


async def on_asyncio(now: datetime) -> None:
    """The same methods, to await."""
    async with tt.connect_async("aws", region="eu-south-2", listener=print) as cloud:
        assert_type(cloud, tt.AsyncCloud)
        plan = await cloud.plan(fleet, strict=True, refresh=["image"])
        assert_type(plan, tt.Plan)
        applied = await cloud.apply(plan, wait="healthy", timeout=five, on_event=print, allow_delete=True)
        assert_type(applied, tt.Applied)
        await cloud.plan(fleet, stict=True)  # type: ignore[call-arg]
        await cloud.apply(plan, wait="forever")  # type: ignore[arg-type]
        assert_type(await cloud.status(fleet), tt.FleetStatus)
        web: tt.AsyncLiveGroup = cloud.group("web", location="eu-south-2")
        assert_type(await web.name, str)
        await web.scale(to=3)
        await web.scale(3)  # type: ignore[call-arg]
        assert_type((await web.wait(timeout=five, until="healthy")).is_stable, bool)
        await web.pause(by="Ana", until=now)
        await web.end("i-1", shrink=False)
        assert_type(await web.datapoints(tt.metrics.cpu, since=five), tt.Datapoints)
        watch: tt.AsyncWatch = cloud.watch(fleet)
        assert_type(await watch.snapshot(), tt.FleetStatus)
        async for status in watch.stream(five):
            assert_type(status, tt.FleetStatus)
            break
    async with tt.connect_async("memory", clock=manual, location="local") as memory:
        assert_type(memory.now(), datetime)
    await tt.AsyncCloud(tt.connect("memory")).close()
    tt.connect_async("azure", project="p")
    name: str = "gcp"
    async with tt.connect_async(name, project="p") as gcp:
        await gcp.permissions(fleet, read_only=True)


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
            case tt.PlanStarted(fleet=name) | tt.PlanEnded(fleet=name):
                assert_type(name, str)
            case tt.ApplyStarted(plan=started):
                assert_type(started, tt.Plan)
            case tt.ApplyEnded(outcomes=outcomes):
                assert_type(outcomes, Mapping[str, int])
            case tt.CallStarted(target=target, attempt=attempt) | tt.CallEnded(target=target, attempt=attempt):
                assert_type(target * attempt, str)

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
    assert_type(decision.alarms["hot"], AlarmStatus)
    assert_type(decision.history, History)
    for reason in decision.reasons:
        assert_type(reason, DecisionReason)
        assert_type(reason.code, ReasonCode)
        assert_type(reason.details, dict[str, Any])
    asked: tuple[Recommendation, ...] = decision.recommendations
    own: Preset = replace(PRESETS["neutral"], name="own", estimate=False)
    return decide(group, seen, history, now, own).size, [one.policy for one in asked]


@tt.policy
def holding(
    group: tt.ScalingGroup, observation: tt.Observation, history: tt.History, now: datetime
) -> tt.Recommendation | None:
    """A policy of one's own."""
    if history.at is None:
        return None
    return tt.Recommendation(observation.desired, f"{group.name} is held at {now}")


def called(fleet: tt.Fleet, now: datetime) -> int:
    """A fleet's own policies, imported where that is allowed, and one that is handed in."""
    own = tt.PythonPolicy(name="hold", call=holding)
    assert_type(own.call, str)
    loaded: Mapping[str, tt.PolicyFunction] = tt.load_policies(fleet, allow=["acme.policies"])
    functions = {**loaded, own.call: holding}
    group = fleet["web"].replace(policies=[own, tt.PythonPolicy(name="drain", call="acme.policies:drain")])
    assert_type(holding(group, tt.Observation(desired=2), tt.History(), now), tt.Recommendation | None)
    return decide(group, tt.Observation(desired=2), tt.History(), now, functions=functions).size


def reviewed(plan: tt.Plan, text: list[str]) -> tt.Listener:
    """A plan read part by part, as a gate in a pipeline does."""
    for change in plan:
        assert_type(change, tt.Change)
        key: tt.Key = change.key
        if change.action is tt.Action.DELETE and change.reason is tt.Reason.LEFT_FLEET:
            text.append(key.name)
        fields: tuple[tt.FieldChange, ...] = change.fields
        sources: list[tt.Position | None] = [item.source for item in fields]
        text += [str(place) for place in sources if place]
    notes: tuple[tt.Note, ...] = plan.problems
    unknown: tuple[tt.Unknown, ...] = plan.unknown
    text += [plan.to_text(width=80), plan.to_markdown(), *(note.path for note in notes), *map(str, unknown)]

    def listen(event: tt.Event) -> None:
        text.append(type(event).__name__)

    return listen


def standing(live: tt.LiveGroup) -> int:
    """What a group is and did."""
    state: tt.GroupState = live.read()
    instances: tuple[tt.Instance, ...] = state.instances
    done: list[tt.Activity] = list(live.activities())
    alarms: list[tt.AlarmState] = []
    running = [one for one in instances if one.state is tt.InstanceState.RUNNING]
    return len(running) + len(done) + len(alarms)


# hooks


@tt.on_launch(groups=["web"], hook="configure", on_error="continue")
def configured(notice: tt.HookNotice) -> None:
    """A handler of one's own."""
    assert_type(notice.left(), timedelta | None)


@tt.on_terminate
def drained(notice: tt.HookNotice) -> tt.HookResult | None:
    """Another one."""
    is_interrupted: bool = notice.kind is tt.HookKind.INTERRUPTION and notice.transition is tt.HookTransition.TERMINATE
    return tt.HookResult.CONTINUE if is_interrupted else None


def consume(cloud: tt.Cloud, fleet: tt.Fleet, stop: threading.Event) -> list[str]:
    """From a queue, and inside an instance."""
    deploy = tt.on_launch(tt.ansible_playbook("deploy.yml", variables={"tier": "web"}))
    consumer = tt.HookConsumer(cloud, queue="hooks", handlers=[configured, drained, deploy], fleet=fleet)
    handled: tuple[tt.HandledHook, ...] = consumer.poll(tt.seconds(1))
    consumer.run(stop)
    guest = tt.GuestHooks([drained], cloud="azure")
    guest.run(stop)
    return [each.why for each in (*handled, *guest.poll()) if each.outcome is tt.HookOutcome.FAILED]


def words(policy: tt.Policy) -> tt.ScalingGroup:
    """The words of the model as members of their enumerations; a text that is one of them is taken too."""
    alarm = tt.Alarm(name="hot", metric="cpu", above=70, missing=tt.MissingData.BREACHING, severity=tt.Severity.ERROR)
    assert_type(alarm.comparison, tt.Comparison)
    assert_type(alarm.metric.unit, tt.Unit)
    assert_type(alarm.metric.source, tt.MetricSource)
    ahead = tt.PredictivePolicy(
        name="ahead",
        metric="cpu",
        target=60,
        mode=tt.PredictiveMode.FORECAST_ONLY,
        maximum_breach=tt.MaximumBreach.HONOR,
    )
    return tt.ScalingGroup(
        name="web",
        capacity=tt.Capacity(min=1, max=2),
        template=tt.InstanceTemplate(image="ami-1", size="t3.small", disks=[tt.Disk(type=tt.DiskType.SSD)]),
        purchase=tt.Purchase(spot=True, strategy=tt.SpotStrategy.CAPACITY),
        policies=[policy, ahead],
        alarms=[alarm],
        aws=tt.AwsSettings(suspended_processes=[tt.AwsProcess.AZ_REBALANCE]),
    ).replace(cooldown="5m")


def rolled_out(cloud: tt.Cloud, fleet: tt.Fleet) -> bool:
    """A new template for every instance; gates of each sort."""
    gates: list[tt.Gate] = [
        tt.HealthGate(),
        tt.BalancerGate(),
        tt.AlarmGate(alarms=["errors"]),
        tt.HttpGate(path="/health", timeout="2s"),
        tt.CommandGate(run=["./smoke-test", "--quick"]),
        tt.MetricGate(metric="cpu", worse="higher"),
    ]
    rollout = tt.Rollout(
        strategy="canary", checkpoints=[tt.Checkpoint(percent=10, bake="5m")], max_unavailable="25%", gates=gates
    )
    group = fleet["web"].replace(rollout=rollout)
    rollouts = cloud.rollouts(fleet.replace(groups=[group]), allow_commands=True)
    assert_type(rollouts, tt.Rollouts)
    started: Sequence[tt.GroupRollout] = rollouts.start(["web"], by="ana")
    rolled = rollouts.see_through(timeout=tt.minutes(30))
    assert_type(rolled, tt.Rolled)
    moved = [each for each in rolled.groups if each.outcome is tt.RolloutOutcome.DONE]
    return rolled.raise_for_failures().is_done and len(moved) == len(started)


def told_of_rollouts(event: tt.Event) -> str:
    """What a listener hears of rollouts."""
    return f"{event.group} {event.outcome}" if isinstance(event, tt.RolloutMoved) else ""


def drilled(fleet: tt.Fleet) -> list[str]:
    """What a fleet does when something fails."""
    found = tt.drill(fleet, "aws", only=["zone-lost"], boot=tt.seconds(90))
    assert_type(found, tt.Drill)
    failed: Sequence[tt.DrillResult] = [each for each in found if each.verdict is tt.DrillVerdict.NOT_HELD]
    checks: Sequence[tt.DrillCheck] = [check for each in failed for check in each.failures]
    return [found.to_markdown(), *(check.fix for check in checks)]


def load_tested(cloud: tt.Cloud, fleet: tt.Fleet) -> list[str]:
    """What a service and its group make of a load."""
    assert_type(fleet.loadtest, tt.LoadtestSettings | None)
    test = tt.loadtest(
        cloud,
        fleet.replace(loadtest=tt.LoadtestSettings(hosts=["staging.example.com"])),
        "web",
        url="http://staging.example.com/",
        shape="steps",
        rate=20,
        duration=tt.minutes(10),
        require=["served >= 99.9"],
    )
    assert_type(test, tt.LoadTest)
    read = tt.judge_loadtest(["one.jtl", "two.jtl"], fleet, cloud=cloud, capacity=10)
    outs: Sequence[tt.ScaleOut] = test.scale_outs
    agreement: tt.SizeAgreement | None = read.agreement
    return [test.to_markdown(), *map(str, outs), str(agreement)]


def explained(cloud: tt.Cloud, fleet: tt.Fleet, store: tt.Store) -> list[str]:
    """Why a group has its size, and what is wrong with it."""
    explanation = cloud.explain(fleet, "web", since=tt.hours(6), diagnose=True, store=store)
    assert_type(explanation, tt.Explanation)
    minute: tt.ExplainedMinute | None = explanation.minute
    entries: Sequence[tt.TimelineEntry] = [
        entry for entry in explanation.entries if entry.kind is tt.TimelineKind.MANUAL
    ]
    diagnoses: Sequence[tt.Diagnosis] = explanation.diagnoses or ()
    wrong = [each.diff for each in diagnoses if each.cause is tt.DiagnosisCause.AT_MAXIMUM]
    dear = [each.fix for each in diagnoses if each.symptom is tt.Symptom.TOO_DEAR]
    return [str(minute), *map(str, entries), *wrong, *dear, explanation.to_markdown()]


def failed_rollout(rolled: tt.Rolled) -> str:
    """Why one failed."""
    try:
        rolled.raise_for_failures()
    except tt.RolloutFailed as error:
        return str(error)
    return ""


def measured_model(cloud: tt.Cloud, fleet: tt.Fleet, load: tt.Load) -> tt.FleetModel:
    """A group's own model, its intervals, and how well it replays the past."""
    found = tt.calibrate(
        cloud, fleet, "web", since=tt.hours(24), size=tt.metrics.custom("Shop", "InService"), load=load, seed=1
    )
    assert_type(found, tt.Calibration)
    boot: tt.Estimate = found["boot"]
    errors: Sequence[tt.PastError] = found.past_error
    shares: list[float | None] = [boot.value, boot.low, boot.high, *(each.within_one for each in errors)]
    assert_type(boot.reason, str)
    if found.measured and None not in shares:
        found.save("model.json")
    return tt.FleetModel.load("model.json")


def simulated(fleet: tt.Fleet) -> float:
    """A week's load on one cloud's rules, on three, and on many variants."""
    load = tt.Load.days(7, low=10, high=90).noise(0.1, seed=1) + tt.Load.bursts(
        tt.hours(24), height=50, length=tt.minutes(10), every=tt.hours(6)
    )
    model = tt.FleetModel(
        capacity=20,
        boot=tt.minutes(2),
        shortages=[tt.Shortage(after=tt.hours(3), duration=tt.minutes(30))],
        signals={"memory": 40, "JobsWaiting": "queue-depth"},
    )
    run = tt.simulate(fleet["web"], load, preset="gce", model=model, seed=1)
    assert_type(run, tt.Simulation)
    decisions: Sequence[tt.SimulatedDecision] = run.decisions
    everywhere = tt.simulate(fleet["web"], load, presets=("ec2", "azure", "gce"))
    assert_type(everywhere, Mapping[str, tt.Simulation])
    many = tt.simulate_many([fleet["web"]], tt.Load.from_csv("load.csv"), seeds=range(3), reduce=tt.Simulation.totals)
    assert_type(many, tuple[dict[str, float], ...])
    return float(run.latency.max()) + len(decisions) + many[0]["served_percent"]


def judged(cloud: tt.Cloud, fleet: tt.Fleet) -> bool:
    """KPIs of a simulation and of a fleet that runs, two policies side by side, a report."""
    load = tt.Load.days(1, low=10, high=90)
    targets = {"efficiency": tt.KpiTarget(limit=60, above=True)}
    options = tt.KpiOptions(prices=tt.Prices(instance_hour=0.05), targets=targets)
    run = tt.simulate(fleet["web"], load)
    kpis: tt.Kpis = run.kpis("static-peak", options)
    item: tt.Kpi = kpis["efficiency"]
    assert_type(item.value, float | None)
    comparison = tt.compare([run], [tt.simulate(fleet["web"], load, preset="gce")], names=("ec2", "gce"))
    assert_type(comparison, tt.PairedComparison)
    difference: tt.KpiDifference = comparison["savings"]
    run.save("report.html", kpis=kpis, comparison=comparison)
    live = cloud.kpis(fleet, timedelta(days=7), options=options)
    assert_type(live, Mapping[str, tt.Kpis])
    rehearsal = cloud.rehearse(fleet, {"web": load}, require=["served >= 99.9"], capacity=20, options=options)
    assert_type(rehearsal, tt.Rehearsal)
    group: tt.GroupRehearsal = rehearsal.groups[0]
    result: tt.RequirementResult = group.requirements[0]
    bound: tt.Requirement = result.requirement
    assert_type(bound.limit, float)
    return bool(item.passes) and difference.is_certain and rehearsal.holds


def parts_of_what_stands(state: tt.GroupState, status: tt.GroupStatus, activity: tt.Activity, plan: tt.Plan) -> str:
    """What the states, the activities and a plan are made of, by their names."""
    failure: tt.Failure | None = activity.failure
    short: tt.Short | None = activity.short
    in_force: tt.InForce | None = status.in_force
    seen: tt.FirstSeen | None = state.first_seen
    run: tt.RolloutRun | None = state.rollout
    phase: tt.RolloutPhase | None = run.phase if run else None
    request: tt.PlanRequest | None = plan.request
    return f"{failure} {short} {in_force} {seen} {phase} {request}"


def parts_of_results(
    tick: tt.GroupTick, explanation: tt.Explanation, test: tt.LoadTest, rollout: tt.GroupRollout, run: tt.SimulatedRun
) -> str:
    """What the controller, explanations, load tests, rollouts and simulations say, by its names."""
    mix: tt.MixTick | None = tick.mix
    episodes: Sequence[tt.Episode] = explanation.differences
    kinds: set[tt.DifferenceKind] = {episode.kind for episode in episodes}
    series: tt.LoadTestSeries | None = test.series
    sizes: tt.LoadTestSizes | None = series.sizes if series else None
    back: tt.RolledBack | None = rollout.rolled_back
    decided: Sequence[tt.Decided] = run.decisions
    return f"{mix} {kinds} {sizes} {back} {len(decided)}"


def webhook(event: tt.ControllerEvent) -> str:
    """What is told of a tick."""
    assert_type(event.kind, tt.ControllerEventKind)
    return str(event)


def kept(store: tt.Store, key: tt.GroupKey) -> str:
    """What a store keeps."""
    opened: tt.SqlStore = tt.open_store("sqlite:///trimtab.db")
    states: Mapping[tt.GroupKey, tt.SavedState] = store.load([key])
    ticks: Sequence[tt.TickRecord] = store.ticks(key.fleet, key.cloud)
    decisions: Sequence[tt.DecisionRecord] = opened.decisions(fleet=key.fleet)
    rollouts: Sequence[tt.RolloutRecord] = opened.rollouts(fleet=key.fleet)
    intents: Sequence[tt.Intent] = ()
    lease: tt.Lease | None = None
    status: tt.IntentStatus | None = None
    return f"{states} {ticks} {decisions} {rollouts} {intents} {lease} {status}"


def rollouts_of(cloud: tt.AsyncCloud, fleet: tt.Fleet) -> tt.AsyncRollouts:
    """Rollouts, awaited."""
    return cloud.rollouts(fleet)


native = (
    tt.AwsNative(group={"DefaultInstanceWarmup": 60}),
    tt.AzureNative(scale_set={"zoneBalance": True}),
    tt.GcpNative(autoscaler={"description": "web"}),
)
