"""A cloud at work: plan, apply, wait, watch, pause, measure."""
