"""What the provider for Google Cloud declares of itself."""

import re
from collections.abc import Mapping

from trimtab.declarations.advice import not_here, otherwise, with_controller
from trimtab.declarations.inert import ALTERNATE, NAMES, NOWHERE
from trimtab.declarations.record import (
    Declarations,
    NameRule,
    NativePart,
    Natives,
    Option,
    Portability,
    RecordedSize,
    RegionForm,
    TagRule,
)
from trimtab.declarations.support import (
    HAPROXY,
    HAPROXY_UNHELD,
    NATIVE,
    Support,
    approximated,
    controller,
    ignored,
    inert,
    natively,
    other_size,
    unsupported,
)
from trimtab.providers.gcp.settings import GcpSettings

_TRACK = "use a target-tracking policy, which the autoscaler enacts"
_RAISE = "write a window (`duration` or `until`) that raises `min` and sets nothing else"
_NATIVELY = (
    "step that begins at the threshold",
    "target-tracking policy",
    "alarm",
    "alarm on a percentile",
    "alarm that breaches without data",
    "alarm that says how missing data count",
    "notification that breaches without data",
    "notification that says how missing data count",
    "notification when an alarm is over",
    "schedule",
    "schedule window",
    "schedule by day of the month",
    "schedule that fires within the hour",
    "schedule without some dates",
    "schedule on some dates only",
    "schedules with many dates in two months",
    "cpu metric",
    "network metric",
    "agent metric",
    "balancer metric",
    "queue metric",
    "custom metric",
    "PromQL metric",
    "spot instances",
    "on-demand base beside spot",
    "on-demand share beside spot",
    "several sizes",
    "capacity reservation",
    "group stabilization",
    "warm-up",
    "health probe of the group",
    "host of a health check",
    "timeout of a health check",
    "thresholds of health that differ",
    "balancer port",
    "balancer drain",
    "second pool of a balancer",
    "network by name",
    "several security groups",
    "image by architecture",
    "stateful disk",
    "stateful address",
    "neutral image",
    "metadata of one's own",
    "agent for memory",
    "agent for disks",
    "node exporter",
    "collectd",
    "interruption listener",
    "size by attributes",
    "disk that is kept",
)
CAPABILITIES: Mapping[str, Support] = {
    **dict.fromkeys(_NATIVELY, NATIVE),
    HAPROXY: HAPROXY_UNHELD,
    "forecast of another load": unsupported(
        "Compute Engine forecasts the CPU that it holds at the target; leave `load` out"
    ),
    "metric math": unsupported(
        "autoscalers and alert policies have no such expression; write it as a query: {promql: ...}"
    ),
    "notification without data": unsupported("absence is a condition of its own there; write {promql: 'absent(...)'}"),
    "severity below a warning": approximated("the least severity of Cloud Monitoring is a warning"),
    "unit of samples": ignored("a metric has one unit there, whatever this says"),
    "password of the administrator": unsupported(
        "passwords are reset on each instance (`gcloud compute reset-windows-password`); leave it out"
    ),
    "alarm on a trimmed statistic": controller(
        "Cloud Monitoring has no statistic of part of the samples", "use a percentile: p5, p50, p95 or p99"
    ),
    "simple policy": controller("an autoscaler of Compute Engine holds targets; no alarm fires a change", _TRACK),
    "step policy": controller("an autoscaler of Compute Engine holds targets; no alarm fires a change", _TRACK),
    "step policy that removes by several steps": controller("Compute Engine has no steps", _TRACK),
    "step policy whose steps do not grow": controller("Compute Engine has no steps", _TRACK),
    "change by per cent": controller("Compute Engine changes sizes by targets only", _TRACK),
    "least change by per cent": controller("Compute Engine changes sizes by targets only", _TRACK),
    "predictive policy": other_size(
        "Compute Engine forecasts the CPU against its one CPU target, and scales by what it measures too"
    ),
    "predictive policy on another metric than CPU": unsupported("Compute Engine forecasts CPU only"),
    "forecast above the maximum": unsupported("Compute Engine never goes above the maximum"),
    "alarm over several periods": approximated(
        "Cloud Monitoring slides its period and asks how long the condition holds"
    ),
    "alarm on some of several datapoints": approximated(
        "Cloud Monitoring wants the breaching datapoints one after the other"
    ),
    "alarm on the sum of what a balancer counts": inert("what is counted is summed up without it too"),
    "scaling in by any of several alarms": controller(
        "an autoscaler of Compute Engine takes the largest of its signals", _TRACK
    ),
    "told of an alarm's beginning and end": inert("a channel is told of both"),
    "separate OK recipients": approximated("an alert policy tells all its channels, of the beginning and of the end"),
    "schedule with a first or last moment": controller(
        "a scaling schedule has no start and end dates", "leave `starts` and `ends` out"
    ),
    "schedule once, without an end": controller("a scaling schedule is a window that ends", "give it a `duration`"),
    "external metric": controller("only a running trimtab reads it", "publish its value as a custom metric"),
    "sizes with weights": unsupported("a managed instance group counts instances, whatever their size"),
    "spot replaced before it is taken": unsupported("Compute Engine gives 30 s of notice and recreates afterwards"),
    "fall-back from spot": controller("a group whose Spot VMs cannot be had goes on asking for Spot VMs", ""),
    "protection from scaling in": unsupported("Compute Engine protects no instance from scaling in"),
    "subnets by tag": unsupported("subnetworks have no labels; name one by `subnets`"),
    "several subnets": unsupported("a network card is in one subnetwork, which spans the region"),
    "session tokens for metadata": ignored("the metadata server asks for a header in place of a session token"),
    "metadata hops": unsupported("the metadata server does not count hops"),
    "host metrics each minute": inert("host metrics are always of a minute"),
    "no public address": inert("an instance has no public address unless one is asked for"),
    "encrypted disk": inert("Compute Engine encrypts every disk at rest"),
    "unencrypted disk": unsupported("Compute Engine encrypts every disk at rest"),
    "schedule that changes the maximum": controller("a scaling schedule only raises the minimum", _RAISE),
    "schedule that sets the size": approximated("a scaling schedule sets no size; it only raises the minimum"),
    "schedule that sets a size of its own": controller(
        "a scaling schedule sets no size; it only raises the minimum", _RAISE
    ),
    "schedules that do more than raise the minimum": controller(
        "a scaling schedule is a window of five minutes or more that raises the minimum", _RAISE
    ),
    "schedules without a policy": approximated(
        "an autoscaler always has a signal: CPU at 100 per cent, which adds nothing and lets the size fall"
    ),
    "forecast without scaling": approximated("Compute Engine shows no forecast: nothing is set up"),
    "forecast buffer": approximated("Compute Engine takes the initialization period for it"),
    "scaling in by some policies only": controller(
        "an autoscaler scales in by all its signals or by none", "give all policies the same `scale_in`"
    ),
    "warm-up of one policy": approximated("Compute Engine has one initialization period for all signals: the longest"),
    "alarm that includes its threshold": approximated("Cloud Monitoring compares with more than and less than only"),
    "policy or schedule beside an on-demand share": controller(
        "all instances of a template are of one sort, and no autoscaler holds a share of another group's size",
        "give `on_demand_base` only",
    ),
    "policy beside an on-demand base": approximated(
        "the group is two, and the autoscaler of its Spot VMs measures these alone: it holds the same target by "
        "smaller steps, and keeps one Spot VM at least"
    ),
    "policy on a whole queue beside an on-demand base": controller(
        "the group is two, and the autoscaler of its Spot VMs would have as many of these as the whole queue takes",
        "track `cpu`",
    ),
    "strategy for spot": approximated("Compute Engine takes what is to be had; `prioritized` gives ranks"),
    "spot price limit": unsupported("Compute Engine has no maximum price for spot instances"),
    "tags in capitals": approximated("labels are in lower case"),
}

_SEVERAL = "list several suitable `sizes`, and name two zones or none: they take a group that spans its region"
_NO_ALARMS = "no alarm fires an autoscaler"
ADVICE = {
    "TT101": not_here("an autoscaler takes the largest of its signals"),
    "TT102": with_controller(_NO_ALARMS),
    "TT103": not_here(_NO_ALARMS),
    "TT105": not_here("an autoscaler has no cooldown; it waits for `warm_up` by itself"),
    "TT106": not_here("a forecast never goes above the maximum"),
    "TT107": with_controller(_NO_ALARMS),
    "TT119": not_here("CloudWatch alone reports each event as a sample of 1"),
    "TT113": not_here("a group spans as many machines as it needs"),
    "TT201": otherwise("a check of the group's own is slower to judge than the load balancer's"),
    "TT203": not_here("a match takes its project as `owner`; without one the plan is refused"),
    "TT204": not_here("TT205 warns of such a group"),
    "TT301": otherwise("several sizes take a group that spans its region", _SEVERAL),
    "TT303": not_here("without a share every instance is spot, as the file says; one takes a second native group"),
    "TT304": not_here("an interrupted spot instance is recreated"),
}

REGIONS = RegionForm("Google Cloud", r"[a-z]+-[a-z]+\d+(-[a-z0-9]+)?", "europe-west1")
REFERENCES: Mapping[str, str] = {
    "placement.network": "a network",
    "placement.subnets": "a subnetwork in the region; one at most",
    "placement.subnet_tags": "refused: subnetworks have no labels",
    "template.security_groups": "network tags, which firewall rules are for; nothing is looked up",
    "template.ssh_key": "refused: Google Cloud does not know keys by name; write the public key",
    "template.role": "a service account, by what its address begins with",
    "template.disks.key": "a key of Cloud KMS in the region: RING/KEY",
    "load_balancers": "a backend service, global or in the region; else a target pool in the region",
    "purchase.reservation": "a reservation of that name, in a zone of the region",
}
"""By field, how what it names is found where it is no id."""

INSTANCES: Mapping[str, Support] = {
    "protect": unsupported(
        "a managed instance group has no protection of single instances from scaling in; pause the group meanwhile, or "
        "limit scaling in by `scale_in_limit`"
    ),
    "drain": unsupported(
        "a managed instance group has no state in which an instance stays and gets no requests; end it: its backend "
        "service lets it finish what it has first"
    ),
    "replace": natively("`recreateInstances`: another one of the same name, from the current template"),
    "end": natively("`deleteInstances`, which takes it off the target size"),
}
"""
What is done to one instance.

https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers/deleteInstances
https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers/recreateInstances
"""

GCP = Declarations(
    name="gcp",
    connect="trimtab.providers.gcp.provider:connect",
    options=(
        Option("project", "its id; `GOOGLE_CLOUD_PROJECT`, or that of the credentials, when left out"),
        Option("location", "the region of groups without a location; `CLOUDSDK_COMPUTE_REGION` when left out"),
        Option("credentials", "credentials of google-auth; the application's default when left out", in_file=False),
        Option("endpoint", "another address than Compute Engine's own; plain http on loopback only", in_file=False),
        Option("monitoring_endpoint", "the same for Cloud Monitoring; without TLS on loopback only", in_file=False),
    ),
    extra="gcp",
    sdk=("google", "grpc"),
    sign_in="run `gcloud auth application-default login`, or name a key file in GOOGLE_APPLICATION_CREDENTIALS",
    preset="gce",
    recorded_size=RecordedSize(is_measured=True, counts_booting=True, switch_on="wait until there are datapoints"),
    capabilities=CAPABILITIES,
    instances=INSTANCES,
    inert={**NOWHERE, **ALTERNATE, **dict.fromkeys(NAMES, "the signals of an autoscaler have no names")},
    settings=GcpSettings,
    natives=Natives(
        package="trimtab.providers.gcp",
        parts={
            "instance_template": NativePart(kind="instance-template"),
            "group_manager": NativePart(kind="group-manager"),
            "autoscaler": NativePart(kind="autoscaler"),
            "health_check": NativePart(kind="health-check"),
            "alarms": NativePart(kind="alert-policy", items="alarms"),
        },
        api="the API of Google Cloud",
        reserved=frozenset(
            {
                *("creationRecord", "mutationRecord", "validity", "sourceInstance", "sourceInstanceParams"),
                *(f"properties.{part}.fingerprint" for part in ("metadata", "tags", "networkInterfaces[*]")),
            }
        )
        | frozenset(
            {
                "description",
                "displayName",
                "fingerprint",
                "kind",
                "name",
                "region",
                "selfLink",
                "target",
                "userLabels",
                "zone",
            }
        ),
    ),
    checks={
        "TT201": "trimtab.providers.gcp.checks:find_unhealed",
        "TT205": "trimtab.providers.gcp.checks:find_shared_health_check",
    },
    advice=ADVICE,
    id_rule="a link, which has a `/` in it, or an address with an `@`; a name is one in the own project",
    references=REFERENCES,
    portability=Portability(
        region=REGIONS,
        own_images=re.compile(r"[a-z][-a-z0-9]*/[a-z][-a-z0-9]*"),
        own_ids=re.compile(
            r"(https://(www|compute)\.googleapis\.com/compute/[^/]+/)?projects/.*|.*\.gserviceaccount\.com", re.DOTALL
        ),
        name=NameRule(
            fits=re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),
            text="lower-case letters, digits and hyphens, a letter first, at most 63",
            prefix=58,
            prefix_setting="base_instance_name",
            prefix_text="before the suffix of an instance; `gcp.base_instance_name` gives another",
        ),
        tags=TagRule(
            key=re.compile(r"[a-z][-_a-z0-9]{0,62}"),
            value=re.compile(r"[-_a-z0-9]{0,63}"),
            text="labels are lower-case letters, digits, `-` and `_`, a letter first, at most 63",
        ),
        # "some machine types allow bursting above 1.0": https://cloud.google.com/monitoring/api/metrics_gcp_c
        beyond_full=frozenset({"cpu"}),
    ),
    rollouts="trimtab.providers.gcp.rollouts:ROLLOUTS",
    pure="trimtab.providers.gcp.pure:PURE",
    images="trimtab.providers.gcp.images:IMAGES",
    agents="trimtab.providers.gcp.agents:AGENTS",
    disks="trimtab.providers.gcp.disks:DISKS",
    sizes="trimtab.providers.gcp:sizes.json",
    sizes_mix=True,
)
"""Managed instance groups, autoscalers and alert policies."""
