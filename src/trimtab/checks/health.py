"""TT2xx: health checks, and what a new instance is made of."""

import re
from collections.abc import Iterator
from functools import partial

from trimtab.checks.finding import Remark
from trimtab.checks.policies import ways_of
from trimtab.checks.rule import Subject
from trimtab.checks.words import listed
from trimtab.declarations import Portability
from trimtab.models import Metric, MetricSource, ScalingGroup, Schedule

_AGENT = re.compile(r"agent|cloudwatch|collectd|telegraf|stackdriver|azuremonitor", re.IGNORECASE)


def find_ignored_balancer(subject: Subject) -> Iterator[Remark]:
    """Groups behind a load balancer that are judged by whether the machine runs."""
    group = subject.group
    if group.cloud_balancers and group.health_check.by == "instance":
        text = (
            "is behind a load balancer, but only stopped machines are replaced: one that runs and serves nothing stays"
        )
        yield Remark("health_check.by", text, "set `by: load-balancer`, with a `grace` as long as a start takes")


def find_kept_disks(subject: Subject) -> Iterator[Remark]:
    """Groups whose disks stay when instances go, and that something makes smaller."""
    group = subject.group
    reasons = [*ways_of(subject)[1], *(f"schedule {schedule.name!r}" for schedule in lowering(group))]
    if group.capacity.min == group.capacity.max or not reasons:
        return
    for index, disk in enumerate(group.template.disks):
        word = "stateful" if disk.stateful else "keep" if disk.keep else ""
        if word:
            left = "stays behind" if disk.keep else "goes for good with what is on it"
            text = f"{listed(reasons)} may remove any instance, whose disk {left}: no later instance gets it"
            mend = "keep the data outside of the group, or let nothing scale it in"
            yield Remark(f"template.disks.{index}.{word}", text, mend)


def lowering(group: ScalingGroup) -> Iterator[Schedule]:
    """The schedules that may make a group smaller: they lower its maximum, set its size, or end what they raised."""
    for schedule in group.schedules:
        lowers = schedule.max is not None and schedule.max < group.capacity.max
        if lowers or schedule.desired is not None or (schedule.min is not None and schedule.is_window):
            yield schedule


def find_no_grace(subject: Subject) -> Iterator[Remark]:
    """Groups that the load balancer judges and that give a new instance no time."""
    check = subject.group.health_check
    where = subject.where_declared(lambda declared: declared.balancer_judges_at_once)
    if where and check.by == "load-balancer" and not check.grace:
        text = (
            f"on {where} the load balancer's check counts from the first second: an instance that is still starting "
            "is replaced, again and again"
        )
        yield Remark("health_check.grace", text, "set `grace: 5m`, or as long as a start takes")


def find_unmentioned_agent(subject: Subject) -> Iterator[Remark]:
    """Metrics that an agent measures, where neither `agents` nor the start script seems to bring one."""
    template = subject.group.template
    if any(_AGENT.search(script) for script in (template.user_data or "", *template.user_data_parts)):
        return
    for path, metric in _metrics(subject):
        where = subject.where_declared(partial(_takes_agent, metric))
        if metric.source is MetricSource.AGENT and metric.name not in subject.group.template.agents and where:
            text = (
                f"{metric.name} is measured by an agent on {where}, and neither `agents` nor the start script mentions "
                "one; unless the image has it, the metric has no data"
            )
            mend = f"write `agents: [{metric.name}]` in the template, or use an image that has it and ignore this check"
            yield Remark(path, text, mend)


def _takes_agent(metric: Metric, declared: Portability) -> bool:
    return declared.has_agents and metric.name not in declared.measured_by_host


def _metrics(subject: Subject) -> Iterator[tuple[str, Metric]]:
    for alarm in subject.group.alarms:
        yield f"alarms.{alarm.name}.metric", alarm.metric
    for policy in subject.group.policies:
        if policy.type in ("target-tracking", "predictive"):
            yield f"policies.{policy.name}.metric", policy.metric


def find_any_publisher(subject: Subject) -> Iterator[Remark]:
    """Images looked up by a name that anybody may publish under."""
    image = subject.group.template.image
    if image.newest is not None and image.owner is None:
        text = f"takes the newest image called {image.newest!r} of any publisher: anybody can publish one"
        yield Remark("template.image", text, "name the `owner`: an account, a publisher, a project")
