"""Azure: VM Scale Sets, autoscale settings and metric alerts of a subscription."""
