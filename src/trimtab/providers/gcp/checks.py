"""What only Google Cloud warns of."""

from collections.abc import Iterator

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.providers.gcp.settings import GcpSettings
from trimtab.providers.health import asks_balancer, has_probe


def find_shared_health_check(subject: Subject) -> Iterator[Remark]:
    """
    Groups on Google Cloud that make instances anew by the check that only says where requests go.

    A group that is for other clouds too, and says nothing to Google's, has one check everywhere, as they want it.
    """
    check = subject.group.health_check
    meant = not subject.is_portable or subject.group.gcp != GcpSettings()
    if meant and check.by == "load-balancer" and check.path is None and check.port is None:
        text = (
            "the load balancer's health check also decides which instances are recreated: one that is too busy to "
            "answer is deleted, and the others get its load"
        )
        mend = "give the group a check of its own, slower to judge: `health_check: {path: /up, port: 80, grace: 5m}`"
        yield Remark("health_check.by", text, mend)


def find_unhealed(subject: Subject) -> Iterator[Remark]:
    """
    Groups on Google Cloud behind a load balancer that have no check to be healed by.

    https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs
    """
    group = subject.group
    if group.cloud_balancers and not (asks_balancer(group) or has_probe(group)):
        text = (
            "on gcp it is behind a load balancer, but only stopped machines are recreated: one that runs and serves "
            "nothing stays"
        )
        mend = "give the group a check of its own, slower to judge: `health_check: {path: /up, port: 80, grace: 5m}`"
        yield Remark("health_check.by", text, mend)
