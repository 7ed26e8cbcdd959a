"""What the provider for Azure declares of itself."""

import re
from collections.abc import Mapping

from trimtab.declarations.advice import not_here, otherwise
from trimtab.declarations.inert import NAMES, NOWHERE
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
from trimtab.providers.azure.settings import AzureSettings

_AVERAGES = approximated(
    "Azure averages the metric over the whole window, of five minutes at least, where AWS counts breaching datapoints"
)
_WEEKLY = controller(
    "Azure's recurring profiles start on days of the week, at one hour and one minute, for good",
    "write the cron by days of the week, at one hour and one minute, without `starts` and `ends`",
)
_NATIVELY = (
    "simple policy",
    "step policy",
    "alarm",
    "severity below a warning",
    "separate OK recipients",
    "schedule",
    "schedule window",
    "schedule without some dates",
    "schedule on some dates only",
    "cpu metric",
    "network metric",
    "agent metric",
    "balancer metric",
    "queue metric",
    "custom metric",
    "spot instances",
    "several sizes",
    "capacity reservation",
    "health probe of the group",
    "network by name",
    "schedule that changes the maximum",
    "schedules that do more than raise the minimum",
    "schedules without a policy",
    "forecast without scaling",
    "forecast buffer",
    "scaling in by some policies only",
    "alarm that includes its threshold",
    "on-demand base beside spot",
    "on-demand share beside spot",
    "policy or schedule beside an on-demand share",
    "policy beside an on-demand base",
    "policy on a whole queue beside an on-demand base",
    "strategy for spot",
    "spot price limit",
    "neutral image",
    "agent for disks",
    "node exporter",
    "collectd",
    "interruption listener",
    "password of the administrator",
    "size by attributes",
    "tags in capitals",
)
CAPABILITIES: Mapping[str, Support] = {
    **dict.fromkeys(_NATIVELY, NATIVE),
    "agent for memory": inert("Azure's hosts measure memory"),
    HAPROXY: HAPROXY_UNHELD,
    "forecast of another load": unsupported("Azure forecasts the CPU that its rules go by; leave `load` out"),
    "metadata of one's own": unsupported("a machine of Azure finds its tags there; write `tags`"),
    "stateful disk": unsupported(
        "a scale set gives each instance new disks; keep the data on a file system or a database"
    ),
    "stateful address": unsupported(
        "a scale set gives each instance a new address; name it by a load balancer or by DNS"
    ),
    "metric math": unsupported(
        "autoscale rules and metric alerts watch one metric; publish the result as a custom metric"
    ),
    "notification without data": unsupported("a metric alert without data notifies no one"),
    "unit of samples": ignored("a metric has one unit there, whatever this says"),
    "step policy that removes by several steps": other_size(
        "of several rules that remove, Azure takes the one that removes least"
    ),
    "step policy whose steps do not grow": controller(
        "of several rules that add, Azure takes the one that adds most",
        "let each step further from the threshold change at least as much as the one before it",
    ),
    "change by per cent": approximated("Azure does not say how it rounds a part of an instance"),
    "step that begins at the threshold": inert("a rule begins at the alarm's threshold without it too"),
    "least change by per cent": other_size("Azure has no minimum for a change by per cent"),
    "target-tracking policy": other_size(
        "two rules: one instance more above the target, one less below 70 % of it, as a mean of 5 min"
    ),
    "predictive policy": other_size(
        "Azure holds its forecast of the CPU against the group's rules, not against the target"
    ),
    "predictive policy on another metric than CPU": unsupported("Azure forecasts CPU only"),
    "forecast above the maximum": unsupported("Azure never goes above the maximum"),
    "alarm over several periods": _AVERAGES,
    "alarm on some of several datapoints": _AVERAGES,
    "alarm on the sum of what a balancer counts": inert("what is counted is summed up without it too"),
    "alarm on a percentile": controller(
        "autoscale rules and metric alerts do not support percentiles", "use `statistic: average` or `maximum`"
    ),
    "alarm on a trimmed statistic": controller(
        "Azure Monitor has no statistic of part of the samples", "use `statistic: average` or `maximum`"
    ),
    "alarm that breaches without data": controller(
        "an autoscale rule without data never fires; Azure goes to the default capacity", "leave `missing` out"
    ),
    "alarm that says how missing data count": approximated(
        "a rule without data does not fire, and the size goes up to the default capacity"
    ),
    "notification that breaches without data": unsupported(
        "a metric alert without data does not fire; leave `missing` out"
    ),
    "notification that says how missing data count": approximated(
        "a metric alert without data does not fire, and stays as it is"
    ),
    "scaling in by any of several alarms": approximated(
        "Azure removes instances only when all rules that remove agree"
    ),
    "notification when an alarm is over": approximated(
        "Azure tells the same action groups that an alert fired and that it is resolved"
    ),
    "told of an alarm's beginning and end": inert("an action group is told of both"),
    "schedule by day of the month": _WEEKLY,
    "schedule that fires within the hour": _WEEKLY,
    "schedule with a first or last moment": _WEEKLY,
    "schedule once, without an end": unsupported(
        "a fixed date of Azure needs an end; give a `duration`, or edit `capacity` on that day"
    ),
    "schedules with many dates in two months": controller(
        "dates are fixed-date profiles, of which an autoscale setting has room for a dozen beside those that recur",
        "give fewer dates, or days in a row as one range",
    ),
    "PromQL metric": controller("autoscale rules do not support PromQL", "publish its value as a custom metric"),
    "external metric": controller("only a running trimtab reads it", "publish its value as a custom metric"),
    "sizes with weights": unsupported("a scale set counts instances, whatever their size"),
    "fall-back from spot": controller("a scale set whose spot instances cannot be had starts no others", ""),
    "spot replaced before it is taken": unsupported("Azure gives 30 s of notice and replaces afterwards"),
    "group stabilization": controller("autoscale settings do not look back", "give the policies a longer `cooldown`"),
    "warm-up": approximated("Azure counts the metrics of a new instance at once"),
    "protection from scaling in": unsupported("Azure protects single instances, not those to come"),
    "host of a health check": unsupported("the health extension asks its own machine, and takes no host"),
    "timeout of a health check": ignored("the health extension waits as long as it does by itself"),
    "thresholds of health that differ": approximated(
        "the health extension counts as many answers for both: `unhealthy_threshold`, else `healthy_threshold`"
    ),
    "balancer port": unsupported("Azure keeps the port with the load balancer's rules"),
    "balancer drain": unsupported("Azure keeps draining with the application gateway"),
    "second pool of a balancer": unsupported(
        "neither Azure Load Balancer nor Application Gateway weighs backend pools; a blue-green rollout has both "
        "groups in the one pool"
    ),
    "subnets by tag": unsupported("subnets have no tags on Azure; name one by `subnets`"),
    "several subnets": unsupported("a scale set has one subnet; zones are chosen by `zones`"),
    "several security groups": unsupported("a network card has one network security group"),
    "image by architecture": unsupported("on Azure the image's sku says the architecture"),
    "session tokens for metadata": ignored("Azure's metadata service asks for a header in place of a session token"),
    "metadata hops": unsupported("Azure's metadata service does not count hops"),
    "host metrics each minute": inert("Azure's host metrics are always of a minute"),
    "no public address": inert("an instance has no public address unless one is asked for"),
    "encrypted disk": inert("Azure encrypts every disk at rest"),
    "unencrypted disk": unsupported("Azure encrypts every disk at rest"),
    "disk that is kept": unsupported("the disks of a scale set's instances go with them"),
    "schedule that sets the size": approximated(
        "a profile of Azure sets no size; it only brings the size between its minimum and maximum"
    ),
    "schedule that sets a size of its own": approximated(
        "a profile of Azure sets no size; it only brings the size between its minimum and maximum"
    ),
    "warm-up of one policy": approximated("Azure counts the metrics of a new instance at once"),
}

_SEVERAL = "list several suitable `sizes`, which takes `azure: {orchestration: flexible}`"
ADVICE = {
    "TT101": not_here("instances are removed only when all rules that remove agree"),
    "TT102": otherwise("autoscale refuses a scale-in that would scale out again, so the size stays as it is"),
    "TT103": not_here("a rule without data does not fire, whatever `missing` says"),
    "TT105": otherwise("the metrics of a new instance count at once, and every policy waits for its cooldown"),
    "TT106": not_here("a forecast never goes above the maximum"),
    "TT201": otherwise("nothing is repaired without a probe or a check of the group's own"),
    "TT203": not_here("a match takes its publisher as `owner`; without one the plan is refused"),
    "TT204": not_here("repairs wait ten minutes at least"),
    "TT119": not_here("CloudWatch alone reports each event as a sample of 1"),
    "TT206": not_here("the disks of instances go with them"),
    "TT205": not_here("the probe of the load balancer is what repairs are meant to go by"),
    "TT301": otherwise("several sizes take a flexible scale set", _SEVERAL),
    "TT303": otherwise("without a share every instance is spot, on Azure as in a fleet file"),
    "TT405": not_here("a profile has a maximum of its own"),
    "TT407": not_here("one profile holds at a time"),
}

REGIONS = RegionForm("Azure", r"[A-Za-z][A-Za-z0-9 ]*", "westeurope")
REFERENCES: Mapping[str, str] = {
    "placement.network": "a virtual network; it says which subnet is meant by name",
    "placement.subnets": "a subnet of `placement.network`, NETWORK/SUBNET, or the only one of that name",
    "placement.subnet_tags": "refused: subnets have no tags",
    "template.security_groups": "a network security group; one at most",
    "template.ssh_key": "an SSH public key of that name, unless it is a public key itself (which has a blank in it)",
    "template.role": "a user-assigned managed identity",
    "template.disks.key": "a disk encryption set",
    "load_balancers": "the backend pool of a load balancer or an application gateway: POOL, or BALANCER/POOL",
    "purchase.reservation": "a capacity reservation group",
}
"""By field, how what it names is found where it is no id."""

INSTANCES: Mapping[str, Support] = {
    "protect": natively(
        "`protectFromScaleIn` of the instance; refused on flexible scale sets, whose machines have no protection policy"
    ),
    "drain": unsupported(
        "a scale set has no state in which an instance stays and gets no requests; set the administrative state of its "
        "address in the load balancer, or fail its health probe from inside"
    ),
    "replace": approximated("the size is raised, then the instance deleted; at the maximum the other way round"),
    "end": natively("the scale set's instance is deleted, which takes it off the size"),
}
"""
What is done to one instance.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-instance-protection
https://learn.microsoft.com/azure/virtual-machine-scale-sets/orchestration-modes-api-comparison
https://learn.microsoft.com/azure/load-balancer/admin-state-overview
"""

AZURE = Declarations(
    name="azure",
    connect="trimtab.providers.azure.provider:connect",
    options=(
        Option("subscription", "its id; `AZURE_SUBSCRIPTION_ID` when left out"),
        Option("resource_group", "where groups live that name no other; `AZURE_DEFAULTS_GROUP` when left out"),
        Option("location", "the region of groups without a location; `AZURE_DEFAULTS_LOCATION` when left out"),
        Option("credential", "anything with `get_token`; `DefaultAzureCredential` when left out", in_file=False),
        Option("endpoint", "another address than Azure's own; plain http on loopback only", in_file=False),
    ),
    extra="azure",
    sdk=("azure", "tzlocal"),
    sign_in="run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
    preset="azure",
    # what autoscale was told of the scale set each time that it ran
    recorded_size=RecordedSize(
        is_measured=True,
        counts_booting=True,
        switch_on="the autoscale setting records it while it is on; wait until it has run",
    ),
    capabilities=CAPABILITIES,
    instances=INSTANCES,
    inert={**NOWHERE, **dict.fromkeys(NAMES, "rules are told apart by what they do")},
    settings=AzureSettings,
    natives=Natives(
        package="trimtab.providers.azure",
        parts={
            "scale_set": NativePart(kind="scale-set"),
            "autoscale_setting": NativePart(kind="autoscale-setting"),
            "alarms": NativePart(kind="metric-alert", items="alarms"),
        },
        api="the API of Azure",
        reserved=frozenset({"apiVersion", "etag", "id", "location", "name", "tags", "type"}),
        ignores_case=True,
    ),
    advice=ADVICE,
    checks={
        "TT113": "trimtab.providers.azure.checks:find_full_placement_group",
        "TT201": "trimtab.providers.azure.checks:find_unrepaired",
        "TT303": "trimtab.providers.azure.checks:find_all_spot",
        "TT304": "trimtab.providers.azure.checks:find_kept_places",
    },
    id_rule="what begins with `/subscriptions/`; a name is one in the group's resource group",
    references=REFERENCES,
    portability=Portability(
        region=REGIONS,
        own_images=re.compile(r"[^:/ ]+(:[^:/ ]+){3}"),
        own_ids=re.compile(r"/subscriptions/.*", re.IGNORECASE | re.DOTALL),
        name=NameRule(
            fits=re.compile(r"[A-Za-z0-9_]([-A-Za-z0-9_.]{0,62}[A-Za-z0-9_])?"),
            text="letters, digits, `-`, `_` and `.`, at most 64",
            prefix=58,
            prefix_setting="computer_name_prefix",
            prefix_text="before the number of a Linux instance; `azure.computer_name_prefix` gives another",
        ),
        tags=TagRule(
            key=re.compile(r"[^<>%&\\?/]*"),
            value=re.compile(r".*", re.DOTALL),
            text="keys are without < > % & \\ ? /",
            most=50,
        ),
        measured_by_host=frozenset({"memory"}),
    ),
    pure="trimtab.providers.azure.pure:PURE",
    images="trimtab.providers.azure.images:IMAGES",
    agents="trimtab.providers.azure.agents:AGENTS",
    disks="trimtab.providers.azure.disks:DISKS",
    rollouts="trimtab.providers.azure.rollouts:ROLLOUTS",
    sizes="trimtab.providers.azure:sizes.json",
    eviction_shrinks=True,
)
"""VM Scale Sets, autoscale settings and metric alerts."""
