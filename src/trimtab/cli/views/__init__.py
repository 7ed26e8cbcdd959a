"""What people see: plans, progress, outcomes and states as things that rich prints, or as JSON."""
