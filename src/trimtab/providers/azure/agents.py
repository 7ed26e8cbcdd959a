"""What agents become on Azure: hosts measure memory, the Azure Monitor agent the disks, as an extension."""

from trimtab.providers.agents.table import SHARED, CloudAgent, CloudAgents, Pinned

PINNED = Pinned(
    name="azure-monitor-agent",
    title="Azure Monitor agent",
    version="1.33",
    seen="2026-11-29",
    source="https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-requirements",
)
# https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-manage
_RULE = "sends nothing before a data collection rule with its metrics is associated with the scale set"
AGENTS = CloudAgents(forms={"disk": PINNED.name, **SHARED}, own=CloudAgent(pinned=PINNED, note=_RULE), listens="azure")
