"""Groups of every sort, as hypothesis draws them; and what each is after Google Cloud has had it."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import strategies as st

import trimtab as tt
from tests.providers.drawing import given, maybe, without_nothing
from trimtab.engine.windows import minimums_of
from trimtab.metrics import custom
from trimtab.models import MissingData
from trimtab.models.metric import NEUTRAL

FLEET, NAME, NATIVE = "virtualmin", "web", "virtualmin-web"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
PROJECT, REGION = "trimtab", "europe-west1"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
QUEUE = f"projects/{PROJECT}/subscriptions/jobs"
CHANNEL = f"projects/{PROJECT}/notificationChannels/123"
SERVICES = ("front", "shop")
PORT = 8080
MINUTE = timedelta(minutes=1)

names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z]{1,4})?", fullmatch=True)
labels = st.dictionaries(
    st.sampled_from(["team", "Env", "owner_it"]), st.sampled_from(["ops", "Gold", "a-b_c", ""]), max_size=3
)
seconds = st.integers(1, 3600).map(lambda number: timedelta(seconds=number))


# templates, places, purchase

disk = given(
    size_gb=maybe(st.integers(10, 500)),
    type=maybe(st.sampled_from(["standard", "ssd", "fast-ssd"])),
    key=maybe(st.just(f"projects/{PROJECT}/locations/{REGION}/keyRings/r/cryptoKeys/k")),
    iops=maybe(st.integers(2500, 9000)),
    throughput=maybe(st.integers(140, 600)),
    keep=maybe(st.booleans()),
)


@st.composite
def disks(draw):
    boot = draw(maybe(disk))
    more = [{"device": name, **draw(disk)} for name in draw(st.sampled_from([(), ("data",), ("data", "mail")]))]
    return [*([boot] if boot is not None else []), *more]


templates = given(
    image=st.sampled_from(
        ["debian-cloud/debian-12", "golden", f"projects/{PROJECT}/global/images/golden-2", "projects/a/global/images/b"]
    ),
    size=st.sampled_from(["e2-small", "n2-standard-2"]),
    user_data=maybe(st.sampled_from(["#!/bin/sh\necho ${HOME}\n", "añil", "{{ not_rendered }}"])),
    ssh_key=maybe(st.sampled_from(["ssh-ed25519 AAAA ops", "ops:ssh-ed25519 AAAA ops"])),
    security_groups=maybe(st.lists(st.sampled_from(["web", "ssh"]), unique=True)),
    metadata=maybe(st.dictionaries(st.sampled_from(["enable-oslogin", "shutdown-script"]), st.text("abc ñ\n"))),
    role=maybe(st.sampled_from(["default", f"web@{PROJECT}.iam.gserviceaccount.com"])),
    disks=maybe(disks()),
    public_address=maybe(st.booleans()),
    tags=maybe(labels),
)
placements = given(
    zones=maybe(st.sampled_from([["europe-west1-b"], ["europe-west1-c", "europe-west1-b"]])),
    network=maybe(st.sampled_from(["default", "virtualmin", "projects/shared/global/networks/n"])),
    subnets=maybe(st.sampled_from([["private"], [f"projects/shared/regions/{REGION}/subnetworks/private"]])),
)


@st.composite
def purchases(draw, zoned):
    spot, reservation = draw(maybe(st.just(True))), draw(maybe(st.just("ours")))
    strategy = draw(maybe(st.just("prioritized"))) if spot else None
    choice = st.lists(st.sampled_from(["e2-small", "e2-medium", "n2-standard-2"]), max_size=3, unique=True)
    sizes = [] if zoned else [{"size": name} for name in draw(choice)]
    fields = {"spot": spot, "reservation": None if spot else reservation, "strategy": strategy, "sizes": sizes}
    return without_nothing(fields)


# who asks how an instance is, and who sends it requests

balancer = given(name=st.sampled_from(SERVICES), drain=maybe(st.integers(1, 3600).map(lambda n: timedelta(seconds=n))))


spans = st.integers(6, 300).map(lambda number: timedelta(seconds=number))
timings = given(
    interval=maybe(spans),
    timeout=maybe(st.integers(1, 4).map(lambda number: timedelta(seconds=number))),
    healthy_threshold=maybe(st.integers(1, 10)),
    unhealthy_threshold=maybe(st.integers(1, 10)),
)


@st.composite
def health_checks(draw, balanced):
    grace = maybe(st.integers(0, 3600).map(lambda number: timedelta(seconds=number)))
    port = maybe(st.one_of(st.sampled_from([80, 443]), st.integers(1, 65535)))
    fields = draw(given(path=maybe(st.sampled_from(["/", "/up"])), port=port, grace=grace))
    if fields.get("path"):
        fields |= draw(given(protocol=maybe(st.sampled_from(["http", "https"])), host=maybe(st.just("example.org"))))
    if fields.get("path") or fields.get("port"):
        fields |= draw(timings)
    by = draw(maybe(st.just("load-balancer"))) if balanced else None
    return {**fields, **({"by": by} if by else {})}


# policies, alarms, schedules

targets = st.integers(1, 2_000_000).map(lambda number: number / 1000)
percents = st.integers(1, 100_000).map(lambda number: number / 1000)
customs = st.builds(
    custom,
    st.just("Virtualmin"),
    st.sampled_from(["JobsWaiting", "Load"]),
    dimensions=st.sampled_from([{}, {"pool": "{group}"}, {"host": "a", "disk": "root"}]),
)
queues = st.just(NEUTRAL["queue-per-instance"].model_copy(update={"of": QUEUE}))
hosts = st.sampled_from([NEUTRAL[name] for name in ("memory", "disk", "network-in", "network-out")])


@st.composite
def policies(draw, balanced):
    """Target tracking policies of different metrics, and now and then a forecast."""
    found, cpu = {}, draw(maybe(percents))
    # by all of them or by none: else the group is a controller's
    inwards = draw(maybe(st.booleans()))
    more = given(scale_in=st.just(inwards), warm_up=maybe(seconds), enabled=maybe(st.just(False)))
    if cpu is not None:
        found["hold"] = {"metric": NEUTRAL["cpu"], "target": cpu, **draw(more)}
    for place, metric in enumerate(draw(st.lists(hosts | customs | queues, max_size=3, unique_by=_identity))):
        found[f"m{place}"] = {"metric": metric, "target": draw(targets), **draw(more)}
    if balanced and draw(st.booleans()):
        found["rate"] = {
            "metric": NEUTRAL["requests-per-instance"],
            "target": draw(targets.filter(lambda rate: rate > 1)),
            **draw(more),
        }
    found = {name: {"type": "target-tracking", **one} for name, one in found.items()}
    if draw(st.booleans()):
        mode = draw(st.sampled_from(["forecast-only", "forecast-and-scale"]))
        target = cpu or draw(percents)
        ahead = {"type": "predictive", "metric": "cpu", "target": target, "mode": mode, "approximate": True}
        found["ahead"] = {**ahead, **draw(given(enabled=maybe(st.just(False))))}
    return found


def _identity(metric):
    return metric.namespace, metric.name


@st.composite
def alarm(draw, balanced):
    of_balancer = ["requests", "errors-5xx", "latency"] if balanced else []
    depth = NEUTRAL["queue-depth"].model_copy(update={"of": QUEUE})
    known = [*(NEUTRAL[name] for name in ("cpu", "memory", "network-in", "errors-5xx", *of_balancer)), depth]
    metric = draw(st.sampled_from(known) | customs)
    counters = metric.name in ("network-in", "requests", "errors-5xx")
    statistics = ["average", "p50", "p95", "p99"]
    statistics += [] if metric.name == "latency" else ["minimum", "maximum", "sum"]
    statistics += [] if metric.name == "latency" or counters else ["count"]
    periods = draw(st.integers(1, 5))
    told = ["ops@example.org", "https://example.org/hook", f"projects/{PROJECT}/topics/alarms", CHANNEL]
    more = given(
        statistic=maybe(st.sampled_from(statistics)),
        period=maybe(st.sampled_from([60, 120, 300, 90]).map(lambda number: timedelta(seconds=number))),
        datapoints=maybe(st.integers(1, periods)),
        missing=maybe(st.sampled_from(["missing", "ignore", "breaching", "not-breaching"])),
        enabled=maybe(st.just(False)),
        description=maybe(st.sampled_from(["hot", "two\nlines", "añil"])),
    )
    who = draw(st.lists(st.sampled_from(told), unique=True, min_size=1, max_size=2))
    over = draw(st.sampled_from([{"notify": who}, {"notify": who, "notify_ok": who}, {"notify_ok": who}, {}]))
    word = draw(st.sampled_from(["above", "at_least", "below", "at_most"]))
    return {"metric": metric, word: draw(targets), "periods": periods, **over, **draw(more)}


zones = st.sampled_from(["UTC", "Europe/Madrid", "America/Sao_Paulo"])


@st.composite
def windows(draw):
    """Windows as they are written, once and again; or a week of windows that end by a cron."""
    if draw(st.booleans()):
        ends = st.sampled_from(["0 18 * * 1-5", "30 17 * * 1-4", "0 2 * * 2-6"])
        zone = draw(zones)
        return {
            name: {"cron": "0 8 * * 1-5", "until": draw(ends), "zone": zone, "min": draw(st.integers(5, 9))}
            for name in draw(st.lists(names, max_size=2, unique=True))
        }
    found = {}
    for name in draw(st.lists(names, max_size=3, unique=True)):
        when = draw(st.sampled_from([{"cron": "15 6 1 * *"}, {"at": "2026-12-24T18:00:00"}, {"cron": "0 20 * * 5"}]))
        duration = timedelta(minutes=draw(st.integers(5, 2000)))
        found[name] = {**when, "duration": duration, "zone": draw(zones), "min": draw(st.integers(4, 9))}
    return found


own_settings = given(
    target_shape=maybe(st.sampled_from(["even", "balanced"])),
    named_ports=maybe(st.dictionaries(st.sampled_from(["admin", "mail"]), st.integers(1, 65535), max_size=2)),
    base_instance_name=maybe(st.sampled_from(["vm", NATIVE])),
    initialization=maybe(seconds | st.just(MINUTE)),
    stabilization=maybe(seconds),
    mode=maybe(st.sampled_from(["on", "only-scale-out"])),
    network_tags=maybe(st.lists(st.sampled_from(["web", "edge"]), unique=True)),
    scopes=maybe(st.sampled_from([[], [SCOPE], ["https://www.googleapis.com/auth/a", SCOPE]])),
    stopped=maybe(st.integers(0, 3)),
    suspended=maybe(st.integers(0, 3)),
)
limits = st.just({}) | given(scale_in_limit=st.integers(0, 5), scale_in_window=maybe(st.sampled_from(["10m", "20m"])))


@st.composite
def groups(draw):
    """A group that Compute Engine sizes by itself, or whose size nothing moves."""
    balancers = draw(st.lists(balancer, max_size=2, unique_by=lambda one: one["name"]))
    balancers = [{**one, "port": PORT} for one in balancers] if draw(st.booleans()) else balancers
    place = draw(placements)
    zoned = len(place.get("zones", ())) == 1
    own = {**draw(own_settings), **draw(limits)}
    if zoned:
        own.pop("target_shape", None)
    fields = {
        "name": NAME,
        "capacity": draw(given(min=st.integers(0, 4), max=st.integers(9, 12), desired=maybe(st.integers(4, 9)))),
        "template": draw(templates),
        "placement": place,
        "purchase": draw(purchases(zoned)),
        "load_balancers": balancers,
        "health_check": draw(health_checks(bool(balancers))),
        "policies": draw(policies(bool(balancers))),
        "alarms": {name: draw(alarm(bool(balancers))) for name in draw(st.lists(names, max_size=3, unique=True))},
        "schedules": draw(windows()),
        "tags": draw(labels),
        "gcp": own,
        **draw(given(warm_up=maybe(seconds), stabilization=maybe(seconds))),
    }
    return tt.ScalingGroup.model_validate(fields)


# what is left of a group once Google Cloud has had it


def canonical(group):
    """
    The group that says the same to Google Cloud in the words that it has.

    What is at its default is left out; tags are labels; network tags stand beside security groups; policies are told
    by what they hold; a schedule is the windows that it makes; alarms that tell nobody but a policy are nobody's.
    """
    scaled = _is_scaled(group)
    tracking = _policies(group) if scaled else {}
    settings = _settings(group, scaled=scaled, tracks=bool(tracking))
    fields = {
        "name": NAME,
        "capacity": _capacity(group, scaled),
        "template": _template(group),
        "placement": _placement(group),
        "purchase": _purchase(group),
        "load_balancers": [_balancer(one) for one in _by_name(group.load_balancers)],
        "health_check": _health(group),
        "policies": tracking,
        "alarms": {one.name: _alarm(one) for one in _by_name(group.alarms)},
        "schedules": _schedules(group) if scaled else {},
        "tags": {
            name.lower(): value.lower() for tags in (group.tags, group.template.tags) for name, value in tags.items()
        },
        "gcp": settings,
    }
    return tt.ScalingGroup.model_validate(fields)


def _by_name(items):
    return sorted(items, key=lambda one: one.name)


def _acting(group, sort):
    return [one for one in group.policies if one.type == sort and one.enabled]


def _forecast(group):
    return next((one for one in _acting(group, "predictive") if one.mode == "forecast-and-scale"), None)


def _is_scaled(group):
    made = minimums_of(group, NOW)
    raises = bool(made.windows) or made.base > group.capacity.min
    return bool(_acting(group, "target-tracking") or _forecast(group) or raises)


def _capacity(group, scaled):
    own = group.capacity
    if scaled:
        return {"min": minimums_of(group, NOW).base, "max": own.max}
    return {"min": own.min, "max": own.max, "desired": own.min if own.desired is None else own.desired}


def _template(group):
    template = group.template
    boot = [one for one in template.disks if one.device is None] or [tt.Disk()]
    disks = [*boot, *(one for one in template.disks if one.device is not None)]
    plain = [{name: value for name, value in one.model_dump(exclude_none=True).items() if value} for one in disks]
    tags = sorted({*template.security_groups, *group.gcp.network_tags})
    key, image = template.ssh_key, str(template.image.id)
    own = image.removeprefix(f"projects/{PROJECT}/global/images/")
    return without_nothing(
        {
            "image": own,
            "size": template.size,
            "user_data": template.user_data,
            "ssh_key": key,
            "metadata": template.metadata,
            "security_groups": tags,
            "role": None if template.role == "default" else template.role,
            "disks": disks if len(plain) > 1 or any(plain) else [],
            "public_address": template.public_address or None,
        }
    )


def _placement(group):
    place = group.placement
    found = {"zones": sorted(place.zones) or [f"{REGION}-{letter}" for letter in "bcd"]}
    if place.subnets:
        return {**found, "subnets": place.subnets}
    return {**found, "network": place.network} if place.network not in (None, "default") else found


def _purchase(group):
    purchase = group.purchase
    found = {"spot": purchase.spot, "reservation": purchase.reservation, "sizes": purchase.sizes}
    return {**found, "strategy": purchase.strategy} if purchase.sizes and purchase.strategy else found


def _balancer(one):
    return without_nothing({"name": one.name, "port": one.port, "drain": one.drain or None})


def _health(group):
    check = group.health_check
    grace = {"grace": check.grace} if check.grace else {}
    if check.path is not None or check.port is not None:
        is_safe = check.path is not None and (check.protocol or ("https" if check.port == 443 else "http")) == "https"
        port = check.port or (443 if is_safe else 80)
        word = "https" if is_safe else "http"
        said = word if check.path is not None and is_safe is not (port == 443) else None
        counts = {name: getattr(check, name) for name in ("healthy_threshold", "unhealthy_threshold")}
        timing = {**{name: None if count == 2 else count for name, count in counts.items()}, "timeout": check.timeout}
        host = check.host if check.path is not None else None
        fields = {"path": check.path, "port": port, "protocol": said, "host": host, **timing}
        return without_nothing({**fields, "interval": check.interval, **grace})
    return {"by": "load-balancer", **grace} if check.by == "load-balancer" else grace


def _policies(group):
    tracking, forecast = _acting(group, "target-tracking"), _forecast(group)
    inwards = not tracking or any(one.scale_in for one in tracking)
    inwards = inwards and group.gcp.mode != "only-scale-out"
    cpu = next((one.target for one in tracking if one.metric.name == "cpu"), None)
    if forecast is not None:
        cpu = forecast.target if cpu is None else cpu
    found, others = (
        {},
        sorted((one for one in tracking if one.metric.name not in _OWN), key=lambda one: _type(one.metric)),
    )
    rate = next((one.target for one in tracking if one.metric.name == "requests-per-instance"), None)
    bare = not others and rate is None and forecast is None
    cpu = 100 if bare and cpu is None else cpu  # an autoscaler always has a signal
    idle = cpu == 100 and minimums_of(group, NOW).windows and bare
    if cpu is not None and not idle:
        found["cpu"] = {"metric": "cpu", "target": cpu, "scale_in": inwards}
    if forecast is not None:
        ahead = {"metric": "cpu", "target": cpu, "mode": "forecast-and-scale", "approximate": True}
        found["forecast"] = {"type": "predictive", **ahead}
    if rate is not None:
        rounded = _roundest(_per_second(rate))
        found["requests"] = {"metric": "requests-per-instance", "target": rounded, "scale_in": inwards}
    for one in others:
        word = _type(one.metric).rsplit("/", 1)[-1].lower().replace("_", "-")
        name = next(text for text in (word, f"{word}-2", f"{word}-3") if text not in found)
        found[name] = {"metric": _metric(one.metric), "target": one.target, "scale_in": inwards}
    return {name: {"type": "target-tracking", **one} for name, one in found.items()}


def _roundest(rate):
    """The target in a minute with fewest decimals that is this rate in a second, of a backend that is 80 % full."""
    targets = (round(rate * 48, digits) for digits in range(3))
    return next(target for target in targets if _per_second(target) == rate)


def _per_second(target):
    return round(float(Fraction(str(target)) / 48), 3)


_OWN = ("cpu", "requests-per-instance")
_TYPES = {
    "memory": "agent.googleapis.com/memory/percent_used",
    "disk": "agent.googleapis.com/disk/percent_used",
    "network-in": "compute.googleapis.com/instance/network/received_bytes_count",
    "network-out": "compute.googleapis.com/instance/network/sent_bytes_count",
    "queue-per-instance": "pubsub.googleapis.com/subscription/num_undelivered_messages",
}


def _metric(metric):
    """A queue by the name of its subscription, which is all that a filter says of it."""
    return metric.model_copy(update={"of": metric.of and metric.of.rsplit("/", 1)[-1]})


def _type(metric):
    return _TYPES.get(metric.name) or f"custom.googleapis.com/{metric.namespace}/{metric.name}"


def _alarm(alarm):
    minutes = -(-alarm.period // MINUTE)
    period = minutes * MINUTE
    breaching = alarm.datapoints or alarm.periods
    judged = alarm.missing is not MissingData.MISSING
    held = max(minutes * (breaching - 1), 1 if judged else 0)
    more = 0 if judged and held <= 1 and minutes > 1 else held // minutes
    counted = alarm.metric.name in ("requests", "errors-5xx")
    statistic = "average" if counted and alarm.statistic == "sum" else alarm.statistic
    word = {"at_least": "above", "at_most": "below"}.get(alarm.comparison, alarm.comparison)
    return {
        "metric": _metric(alarm.metric),
        word: alarm.threshold,
        "period": period,
        "periods": more + 1,
        "statistic": statistic,
        "missing": alarm.missing,
        "notify": alarm.notify,
        "notify_ok": alarm.notify_ok,
        "enabled": alarm.enabled,
        "description": alarm.description,
    }


def _schedules(group):
    ats = {one.name: one.at for one in group.schedules if one.at is not None}
    return {
        one.name: {
            **({"at": ats[one.name]} if one.name in ats else {"cron": one.cron}),
            "zone": one.zone,
            "duration": one.duration,
            "min": one.min,
        }
        for one in sorted(minimums_of(group, NOW).windows, key=lambda one: (one.min, one.name))
    }


def _settings(group, *, scaled, tracks):
    own = group.gcp
    warm = [one.warm_up for one in _acting(group, "target-tracking") if one.warm_up is not None]
    initialization = own.initialization or max(warm, default=None) or group.warm_up
    stabilization = own.stabilization if own.stabilization is not None else group.stabilization
    limited = own.scale_in_limit is not None
    window = own.scale_in_window if limited and own.scale_in_window != timedelta(minutes=10) else None
    # a role that is none of its own is the default one, with every scope
    scopes = own.scopes or ((SCOPE,) if group.template.role == "default" else ())
    shown = scopes and (group.template.role in (None, "default") or tuple(scopes) != (SCOPE,))
    base = own.base_instance_name
    return without_nothing(
        {
            "target_shape": own.target_shape if own.target_shape != "even" else None,
            "named_ports": own.named_ports,
            "base_instance_name": base if base != NATIVE else None,
            "initialization": initialization if initialization != MINUTE else None,
            "stabilization": stabilization,
            "mode": "only-scale-out" if own.mode == "only-scale-out" and scaled and not tracks else None,
            "scale_in_limit": own.scale_in_limit,
            "scale_in_window": window,
            "scopes": sorted(scopes) if shown else (),
            "stopped": own.stopped or None,
            "suspended": own.suspended or None,
        }
    )
