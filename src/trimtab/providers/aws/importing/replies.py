"""What importing reads of one group, as the calls answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from trimtab.providers.aws.resources import launched_from
from trimtab.providers.moments import zulu

Reply = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Replies:
    """
    One group's items, one by one as the calls list them.

    Attributes:
        group: From DescribeAutoScalingGroups.
        version: From DescribeLaunchTemplateVersions; the version that the group launches from.
        own_version: The same; the newest version of the template that is called as the group, if there is one.
        configuration: From DescribeLaunchConfigurations, where the group launches from one.
        policies: From DescribePolicies.
        alarms: From DescribeAlarms: metric alarms, of the group or not.
        composites: From DescribeAlarms: composite alarms, of the group or not.
        actions: From DescribeScheduledActions.
        hooks: From DescribeLifecycleHooks.
        topics: From DescribeNotificationConfigurations.
        target_groups: From DescribeTargetGroups.
    """

    group: Reply
    version: Reply | None = None
    own_version: Reply | None = None
    configuration: Reply | None = None
    policies: Sequence[Reply] = ()
    alarms: Sequence[Reply] = ()
    composites: Sequence[Reply] = ()
    actions: Sequence[Reply] = ()
    hooks: Sequence[Reply] = ()
    topics: Sequence[Reply] = ()
    target_groups: Sequence[Reply] = ()

    @property
    def name(self) -> str:
        """The group's name in the cloud."""
        return str(self.group["AutoScalingGroupName"])

    @property
    def data(self) -> Reply:
        """What instances are launched with: a template's data, also where a launch configuration says it."""
        return (self.version or {}).get("LaunchTemplateData") or {}

    @property
    def launched_from(self) -> Reply:
        """The launch template that the group names."""
        return launched_from(self.group)

    @property
    def policy_names(self) -> dict[str, str]:
        """The policies' names by ARN."""
        return {policy["PolicyARN"]: policy["PolicyName"] for policy in self.policies if "PolicyARN" in policy}

    def plain(self) -> "Replies":
        """The same with moments as bodies have them and without what is null."""
        return replace(self, **{name: _plain(value) for name, value in vars(self).items()})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return zulu(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
