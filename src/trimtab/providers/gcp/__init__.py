"""Google Cloud: managed instance groups and autoscalers of Compute Engine, alert policies of Cloud Monitoring."""
