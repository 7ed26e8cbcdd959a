"""TT2xx: health checks, and what a new instance is made of."""

import re
from collections.abc import Iterator
from functools import partial

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.declarations import Portability
from trimtab.models import Metric, MetricSource

_AGENT = re.compile(r"agent|cloudwatch|collectd|telegraf|stackdriver|azuremonitor", re.IGNORECASE)


def find_ignored_balancer(subject: Subject) -> Iterator[Remark]:
    """Groups behind a load balancer that are judged by whether the machine runs."""
    group = subject.group
    if group.load_balancers and group.health_check.by == "instance":
        text = (
            "is behind a load balancer, but only stopped machines are replaced: one that runs and serves nothing stays"
        )
        yield Remark("health_check.by", text, "set `by: load-balancer`, with a `grace` as long as a start takes")


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
    """Metrics that an agent measures, where the start script does not seem to bring one."""
    script = subject.group.template.user_data or ""
    if _AGENT.search(script):
        return
    for path, metric in _metrics(subject):
        where = subject.where_declared(partial(_takes_agent, metric))
        if metric.source is MetricSource.AGENT and where:
            text = (
                f"{metric.name} is measured by an agent on {where}, and the start script mentions none; unless the "
                "image has it, the metric has no data"
            )
            mend = "install the agent in `user_data`, or use an image that has it and ignore this check"
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
