"""Google Cloud on loopback: managed instance groups, their autoscalers, and Cloud Monitoring."""
