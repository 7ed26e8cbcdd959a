"""A notice to start from."""

from datetime import UTC, datetime

import trimtab as tt

NOTICE = tt.HookNotice(
    group="web",
    native_name="shop-web",
    instance="i-1",
    provider="aws",
    transition=tt.HookTransition.LAUNCH,
    kind=tt.HookKind.LIFECYCLE_HOOK,
    deadline=None,
    at=datetime(2026, 1, 5, tzinfo=UTC),
    id="t",
    hook="configure",
)
