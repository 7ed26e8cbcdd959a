"""Groups of every sort, as hypothesis draws them; and what each is after AWS has had it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import strategies as st

import trimtab as tt
from tests.providers.drawing import given, maybe, without_nothing
from trimtab.engine.crons import shifted
from trimtab.engine.schedules import in_force
from trimtab.metrics import custom, promql
from trimtab.models import MissingData, Unit
from trimtab.models.metric import NEUTRAL
from trimtab.providers.aws.alarms import alarm_remarks
from trimtab.providers.aws.metrics import PER_INSTANCE, natural_statistic
from trimtab.providers.aws.policies import TRACKED
from trimtab.providers.aws.schedules import enacted, has_start, problems_of
from trimtab.providers.aws.settings import AwsProcess

FLEET, NAME = "virtualmin", "web"
NATIVE = f"{FLEET}-{NAME}"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{}/0123456789abcdef"
LABEL = "app/front/50dc6c495c0c9188/targetgroup/{}/0123456789abcdef"
TOPIC = "arn:aws:sns:us-east-1:123456789012:{}"
ROOT = "/dev/sda1"

names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z]{1,4})?", fullmatch=True)
words = st.sampled_from(["ops", "Virtualmin Pro", "añil", "web/1", "a.b_c", "{group}-x"])
durations = st.integers(1, 7200).map(lambda number: timedelta(seconds=number))
values = st.integers(1, 2_000_000).map(lambda number: number / 1000)
tags = st.dictionaries(st.sampled_from(["Team", "Env", "Name", "owner:it"]), words, max_size=3)


# templates

common = {"device": maybe(st.just("/dev/sdf")), "size_gb": maybe(st.integers(8, 500)), "keep": maybe(st.booleans())}
kinds = st.one_of(
    given(type=maybe(st.just("standard"))),
    given(type=st.just("ssd"), iops=maybe(st.integers(3000, 4000)), throughput=maybe(st.integers(125, 500))),
    given(type=st.just("fast-ssd"), iops=st.integers(100, 4000)),
)
"""What types of disks take, and no more: others are refused."""
locks = st.one_of(given(encrypted=maybe(st.booleans())), given(encrypted=st.just(True), key=st.just("alias/disks")))
disk = st.tuples(given(**common), kinds, locks).map(lambda parts: {**parts[0], **parts[1], **parts[2]})
templates = given(
    image=st.just("ami-0123456789abcdef0"),
    size=st.sampled_from(["t3.medium", "m5.large"]),
    user_data=maybe(st.sampled_from(["#!/bin/sh\necho ${HOME}\n", "añil", "{{ not_rendered }}"])),
    ssh_key=maybe(st.just("ops")),
    security_groups=maybe(st.lists(st.sampled_from(["sg-1", "sg-2"]), unique=True)),
    role=maybe(st.sampled_from(["web", "arn:aws:iam::123456789012:instance-profile/web"])),
    disks=maybe(st.lists(disk, max_size=2, unique_by=lambda one: one.get("device"))),
    public_address=maybe(st.booleans()),
    metadata_token=maybe(st.booleans()),
    metadata_hops=maybe(st.integers(1, 64)),
    detailed_monitoring=maybe(st.booleans()),
    tags=maybe(tags),
)

# policies

amounts = st.one_of(
    given(change=st.integers(-20, 20).filter(bool)),
    given(percent=st.integers(-100, 200).filter(bool), minimum_change=maybe(st.integers(1, 5))),
    given(to=st.integers(0, 30)),
)
enabled = maybe(st.just(False))


def simple(name):
    more = given(cooldown=maybe(durations), enabled=enabled)
    return st.tuples(amounts, more).map(lambda both: {"name": name, **both[0], **both[1]})


@st.composite
def step(draw, name):
    cuts = sorted(draw(st.lists(st.integers(1, 50), min_size=0, max_size=3, unique=True)))
    word = draw(st.sampled_from(["change", "percent", "to"]))
    edges = [0, *cuts, None] if draw(st.booleans()) else [None, *(-cut for cut in reversed(cuts)), 0]
    steps = [
        without_nothing({"lower": low, "upper": high, word: draw(st.integers(0, 20))}) for low, high in pairwise(edges)
    ]
    least = maybe(st.integers(1, 5)) if word == "percent" else st.none()
    more = given(minimum_change=least, warm_up=maybe(durations), enabled=enabled)
    return {"name": name, "type": "step", "steps": steps, **draw(more)}


@st.composite
def tracking(draw, name, metric):
    metric = draw(metric)
    statistics = (
        maybe(st.sampled_from(["minimum", "maximum", "sum"])) if metric.name != "requests-per-instance" else st.none()
    )
    more = given(statistic=statistics, scale_in=maybe(st.booleans()), warm_up=maybe(durations), enabled=enabled)
    return {"name": name, "type": "target-tracking", "metric": metric, "target": draw(values), **draw(more)}


@st.composite
def predictive(draw, name, metric):
    more = given(
        mode=maybe(st.sampled_from(["forecast-only", "forecast-and-scale"])),
        buffer=maybe(st.integers(0, 3599).map(lambda number: timedelta(seconds=number))),
        maximum_breach=maybe(st.sampled_from(["honor", "increase"])),
        maximum_buffer=maybe(st.integers(0, 100)),
        enabled=enabled,
    )
    return {"name": name, "type": "predictive", "metric": draw(metric), "target": draw(values), **draw(more)}


# metrics and alarms

queues = st.sampled_from(["queue-depth", PER_INSTANCE]).map(
    lambda name: NEUTRAL[name].model_copy(update={"of": "jobs"})
)
customs = st.builds(
    custom,
    st.sampled_from(["Virtualmin", "AWS/EC2"]),
    st.sampled_from(["JobsWaiting", "Load"]),
    unit=st.sampled_from(["none", "percent"]),
    dimensions=st.sampled_from([{}, {"Pool": "{group}"}, {"Host": "a", "Disk": "/"}]),
)
queries = st.builds(promql, st.sampled_from(["sum(up)", "rate(http_total[5m]) > bool 2", "a\nor b"]))


def neutral(*chosen):
    return st.sampled_from(chosen).map(NEUTRAL.__getitem__)


def of_balancer(balancers, *chosen):
    """A balancer's metric; which target group is meant is said where there are several."""
    if len(balancers) == 1:
        return neutral(*chosen)
    words = st.sampled_from([one.get("name") or one["id"] for one in balancers])
    return st.tuples(neutral(*chosen), words).map(lambda both: both[0].model_copy(update={"of": both[1]}))


def watched(balancers):
    always = [neutral("cpu", "network-in", "network-out", "memory", "disk"), queues, customs]
    more = of_balancer(balancers, "requests", "requests-per-instance", "errors-5xx", "latency") if balancers else None
    return st.one_of(*always, *([] if more is None else [more]))


@st.composite
def alarm(draw, name, triggers, balancers):
    hosts = neutral("cpu", "network-out", "memory")
    metric = draw(watched(balancers) | queries) if triggers else draw(hosts)
    periods = draw(st.integers(1, 5))
    more = given(
        statistic=maybe(st.sampled_from(["average", "minimum", "sum", "count", "p95", "p99.9", "p100"])),
        period=maybe(st.sampled_from([60, 120, 300]).map(lambda number: timedelta(seconds=number))),
        datapoints=maybe(st.integers(1, periods)),
        missing=maybe(st.sampled_from(["missing", "ignore", "breaching", "not-breaching"])),
        notify=maybe(st.lists(st.sampled_from([TOPIC.format("a"), TOPIC.format("b")]), unique=True)),
        notify_ok=maybe(st.just([TOPIC.format("ok")])),
        enabled=enabled,
        description=maybe(st.sampled_from(["hot", "two\nlines", "añil"])),
    )
    word = draw(st.sampled_from(["above", "at_least", "below", "at_most"]))
    fixed = {"name": name, "metric": metric, word: draw(values), "periods": periods, "triggers": triggers}
    drawn = {**fixed, **draw(more)}
    refused = {name for name, _, harms in alarm_remarks(tt.Alarm.model_validate(drawn)) if harms}
    return {name: value for name, value in drawn.items() if name not in refused}


SCALED = {"network-in", "network-out", "requests-per-instance"}


# schedules

CRONS = ("0 8 * * 1-5", "30 22 * * *", "15 6 1 * *", "*/20 * * * 6")
zones = st.sampled_from(["UTC", "Europe/Madrid", "America/Sao_Paulo"])


@st.composite
def schedule(draw, name):
    sizes = draw(
        given(min=maybe(st.integers(0, 4)), max=maybe(st.integers(9, 15)), desired=maybe(st.integers(4, 9))).filter(
            bool
        )
    )
    fields = {"name": name, "zone": draw(zones), **sizes}
    match draw(st.sampled_from(["set", "once", "window", "duration", "once-window", "bounded"])):
        case "set":
            return {**fields, "cron": draw(st.sampled_from(CRONS))}
        case "once":
            return {**fields, "at": draw(st.sampled_from(["2026-03-01T08:00:00", "2025-03-01T08:00:00"]))}
        case "window":
            return {**fields, "cron": "0 8 * * 1-5", "until": "0 20 * * 1-5"}
        case "duration":
            return {**fields, "cron": "0 20 * * 5", "duration": "36h"}
        case "once-window":
            return {**fields, "at": "2026-11-27T00:00:00", "duration": "2d"}
        case _:
            return {**fields, "cron": "0 7 * * *", "starts": "2026-02-01T00:00:00", "ends": "2027-02-01T00:00:00"}


# purchase and what only AWS has


@st.composite
def purchase(draw):
    size = given(size=st.sampled_from(["t3.medium", "t3.large", "m5.large"]), weight=maybe(st.integers(1, 9)))
    sizes = draw(maybe(st.lists(size, max_size=3, unique_by=lambda one: one["size"])))
    if sizes and not all(one.get("weight") for one in sizes):  # all have one, or none has
        sizes = [{**one, "weight": None} for one in sizes]
    spot = draw(st.booleans())
    more = given(
        on_demand_base=maybe(st.integers(0, 3)),
        on_demand_percent=maybe(st.sampled_from([0, 25, 100])),
        strategy=maybe(st.sampled_from(["price-capacity", "capacity", "lowest-price", "prioritized"])),
        max_price=maybe(st.just("0.0125")),
        rebalance=maybe(st.booleans()),
    )
    # Spot has no reservation: together they are a problem, or a note where some run on demand
    reservation = None if spot else draw(maybe(st.just("cr-0123456789abcdef0")))
    fixed = without_nothing({"sizes": sizes, "reservation": reservation})
    return {**fixed, "spot": True, **draw(more)} if spot else fixed


hook = given(
    on=st.sampled_from(["launch", "terminate"]),
    timeout=maybe(st.sampled_from([30, 3600]).map(lambda number: timedelta(seconds=number))),
    default=maybe(st.sampled_from(["continue", "abandon"])),
    data=maybe(st.just("what it is about")),
)
EVENTS = ["launch", "launch-error", "terminate", "terminate-error", "test"]
told = st.builds(
    lambda topic, events: {"topic": f"arn:aws:sns:us-east-1:123456789012:{topic}", **events},
    st.sampled_from(["ops", "dev", "more"]),
    given(on=maybe(st.lists(st.sampled_from(EVENTS), min_size=1, unique=True))),
)
pool = given(
    min=maybe(st.integers(0, 3)),
    max_prepared=maybe(st.integers(0, 9)),
    state=maybe(st.sampled_from(["stopped", "running", "hibernated"])),
    reuse=maybe(st.booleans()),
)
settings = given(
    lifecycle_hooks=maybe(
        st.lists(hook, max_size=2).map(lambda found: [{"name": f"h{i}", **one} for i, one in enumerate(found)])
    ),
    notify_scaling=maybe(st.lists(told, max_size=2, unique_by=lambda one: one["topic"])),
    maintenance=maybe(
        st.sampled_from([{"min_healthy": 100, "max_healthy": 110}, {"min_healthy": 0, "max_healthy": 100}])
    ),
    warm_pool=maybe(pool),
    termination_policies=maybe(st.sampled_from([["Default"], ["OldestInstance", "Default"]])),
    max_instance_lifetime=maybe(st.just(timedelta(days=7))),
    suspended_processes=maybe(st.lists(st.sampled_from(list(AwsProcess)), max_size=3, unique=True)),
    group_metrics=maybe(st.booleans()),
    service_linked_role=maybe(st.just("arn:aws:iam::123456789012:role/aws-service-role/it")),
    placement_group=maybe(st.just("close")),
    group_tags=maybe(st.dictionaries(st.sampled_from(["CostCenter", "audit:it", "a.b"]), words, max_size=2)),
)
balancer = st.sampled_from(["web", "api"]).flatmap(
    lambda name: st.sampled_from([{"name": name}, {"id": ARN.format(name)}])
)


@st.composite
def groups(draw):
    """A group that AWS can have."""
    balancers = draw(st.lists(balancer, max_size=2, unique_by=lambda one: one.get("name") or one["id"].split("/")[1]))
    policies = [draw(_policy(name, balancers)) for name in draw(st.lists(names, max_size=4, unique=True))]
    acting = {one["name"]: one.get("type", "simple") for one in policies}
    acting = {name: sort for name, sort in acting.items() if sort in ("simple", "step")}
    alarms = []
    for name in draw(st.lists(names, max_size=4, unique=True)):
        triggers = draw(st.lists(st.sampled_from(sorted(acting)), unique=True, max_size=2)) if acting else []
        drawn = draw(alarm(name, triggers, balancers))
        if drawn["metric"].name in SCALED and any(acting[one] == "step" for one in triggers):
            drawn["metric"] = NEUTRAL["cpu"]  # the unit of steps is the alarm's, which is CloudWatch's own then
        alarms.append(drawn)
    # two that fire at the same moment go by the order of their names, which is all that AWS keeps of it
    schedules = [draw(schedule(name)) for name in sorted(draw(st.lists(names, max_size=3, unique=True)))]
    more = given(
        health_check=maybe(given(by=maybe(st.just("load-balancer")), grace=maybe(durations | st.just(timedelta(0))))),
        purchase=maybe(purchase()),
        cooldown=maybe(durations | st.just(timedelta(seconds=300))),
        warm_up=maybe(durations | st.just(timedelta(0))),
        protect_from_scale_in=maybe(st.booleans()),
        tags=maybe(tags),
        aws=maybe(settings),
    )
    capacity = given(min=st.integers(0, 4), max=st.integers(9, 12), desired=maybe(st.integers(4, 9)))
    placement = st.sampled_from([{"subnets": ["subnet-1", "subnet-2"]}, {"zones": ["us-east-1b"]}, {}])
    fields = {"name": NAME, "capacity": draw(capacity), "template": draw(templates), "placement": draw(placement)}
    fields |= {"load_balancers": balancers, "policies": policies, "alarms": alarms, "schedules": schedules}
    made = tt.ScalingGroup.model_validate({**fields, **draw(more)})
    if made.purchase.spot or any(each.weight for each in made.purchase.sizes):  # which warm pools are not for
        made = made.model_copy(update={"aws": made.aws.model_copy(update={"warm_pool": None})})
    return made if not any(problems_of(made)) else made.model_copy(update={"schedules": ()})


def _policy(name, balancers):
    known = [neutral("cpu", "network-in", "network-out")]
    own = [neutral("memory", "disk"), queues, customs]
    of = [of_balancer(balancers, "requests-per-instance")] if balancers else []
    return st.one_of(
        simple(name),
        step(name),
        tracking(name, st.one_of(*known, *own, *of)),
        predictive(name, st.one_of(*known, *of)),
    )


# what is left of a group once AWS has had it


def canonical(group, arn=ARN.format):
    """
    The group that says the same to AWS in the words that AWS has.

    What is at AWS's default is left out; balancers are known by ARN; a window ends by a cron; a size that policies
    or schedules own is nobody's; sizes that a schedule holds in force are the group's own where no window puts
    others back; the unit of a custom metric, and what a query has of periods, are never sent.

    Args:
        group: Any group called `virtualmin-web`.
        arn: The ARN of a target group by its name.
    """
    group = _by_arn(group, arn)
    schedules = tuple(sorted(_schedules(group), key=lambda one: one.name))
    return group.model_copy(
        update={
            "capacity": _capacity(group, schedules),
            "template": _template(group),
            "placement": _placement(group),
            "load_balancers": tuple(sorted(group.load_balancers, key=lambda one: one.id)),
            "health_check": group.health_check.model_copy(update={"grace": group.health_check.grace or None}),
            "purchase": _purchase(group.purchase),
            "cooldown": None if group.cooldown == timedelta(seconds=300) else group.cooldown,
            "policies": tuple(sorted((_tracks(one) for one in group.policies), key=lambda one: one.name)),
            "alarms": tuple(sorted((_alarm(one) for one in group.alarms), key=lambda one: one.name)),
            "schedules": schedules,
            "tags": {key: value for key, value in group.tags.items() if (key, value) != ("Name", NATIVE)},
            "aws": _settings(group.aws),
        }
    )


def _by_arn(group, arn):
    """The same group with each target group, also where a metric means it, by ARN."""
    known = {word: one.id or arn(one.name) for one in group.load_balancers for word in (one.name, one.id) if word}

    def metric(item):
        if getattr(getattr(item, "metric", None), "source", "") != "balancer":
            return item
        of = None if len(group.load_balancers) == 1 else known[item.metric.of]
        return item.model_copy(update={"metric": item.metric.model_copy(update={"of": of})})

    return group.model_copy(
        update={
            "load_balancers": tuple(tt.LoadBalancer(id=known[one.id or one.name]) for one in group.load_balancers),
            "policies": tuple(map(metric, group.policies)),
            "alarms": tuple(map(metric, group.alarms)),
        }
    )


def _capacity(group, schedules):
    force, own = in_force(enacted(group), NOW).capacity, group.capacity
    windows = [one for one in schedules if one.is_window]
    sizes = {
        name: getattr(own if any(getattr(one, name) is not None for one in windows) else force, name)
        for name in ("min", "max")
    }
    if group.policies or schedules:
        put_back = any(one.desired is not None for one in windows)
        return tt.Capacity(**sizes, desired=own.desired if put_back else None)
    return tt.Capacity(**sizes, desired=force.min if force.desired is None else force.desired)


def _template(group):
    template, anyway = group.template, {"Name": NATIVE, **group.tags}
    disks = tuple(one if one.device else one.model_copy(update={"device": ROOT}) for one in template.disks)
    more = {key: value for key, value in template.tags.items() if anyway.get(key) != value}
    return template.model_copy(update={"disks": disks, "tags": more})


def _placement(group):
    if group.placement.subnets:
        return tt.Placement(subnets=group.placement.subnets)
    return tt.Placement(zones=group.placement.zones or ("us-east-1a", "us-east-1b"))


def _purchase(purchase):
    known = purchase.model_copy(update={"strategy": None if purchase.strategy == "lowest-price" else purchase.strategy})
    special = (known.on_demand_base, known.strategy, known.max_price, known.rebalance)
    if known.spot and known.on_demand_percent == 100 and known.sizes and not any(special):
        return known.model_copy(update={"spot": False, "on_demand_percent": 0})
    return known


def _metric(metric):
    return metric.model_copy(update={"unit": Unit.NONE}) if metric.source == "custom" else metric


def _tracks(policy):
    if policy.type not in ("target-tracking", "predictive"):
        return policy
    changes = {"metric": _metric(policy.metric)}
    if policy.type == "target-tracking":
        changes["statistic"] = natural_statistic(policy.metric, policy.statistic)
        known = policy.metric.name in TRACKED and policy.metric.namespace is None
        if known and changes["statistic"] == natural_statistic(policy.metric, "average"):
            changes["statistic"] = "average"
    if policy.type == "predictive":
        changes["maximum_buffer"] = (policy.maximum_buffer or None) if policy.maximum_breach == "increase" else None
    return policy.model_copy(update=changes)


def _alarm(alarm):
    changes = {
        "metric": _metric(alarm.metric),
        "statistic": natural_statistic(alarm.metric, alarm.statistic),
        "datapoints": None if alarm.datapoints == alarm.periods else alarm.datapoints,
        **{name: tuple(sorted(getattr(alarm, name))) for name in ("triggers", "notify", "notify_ok")},
    }
    if alarm.metric.source == "promql":
        changes |= {"statistic": "average", "datapoints": None, "missing": MissingData.MISSING}
    return alarm.model_copy(update=changes)


def _schedules(group):
    for one in group.schedules:
        utc = {"zone": "UTC", "at": one.at and one.local(one.at).astimezone(UTC)}
        if one.at is None:
            yield _recurring(one)
        elif one.local(one.at) > NOW:
            yield one.model_copy(update=utc)


def _recurring(one):
    until = shifted(one.cron, one.duration) if one.duration else one.until
    starts = one.local(one.starts).astimezone(UTC) if has_start(one, NOW) else None
    ends = one.ends and one.local(one.ends).astimezone(UTC)
    return one.model_copy(update={"until": until, "duration": None, "starts": starts, "ends": ends})


def _settings(settings):
    processes = tuple(sorted(settings.suspended_processes))
    hooks = tuple(
        one.model_copy(
            update={
                "timeout": None if one.timeout == timedelta(hours=1) else one.timeout,
                "default": None if one.default == "abandon" else one.default,
            }
        )
        for one in settings.lifecycle_hooks
    )
    topics = tuple(
        one.model_copy(update={"on": tuple(sorted(one.on, key=EVENTS.index))})
        for one in sorted(settings.notify_scaling, key=lambda one: one.topic)
    )
    policies = () if settings.termination_policies == ("Default",) else settings.termination_policies
    changes = {"suspended_processes": processes, "lifecycle_hooks": hooks, "termination_policies": policies}
    return settings.model_copy(update={**changes, "notify_scaling": topics})
