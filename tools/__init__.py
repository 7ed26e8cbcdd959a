"""What renews the generated parts of trimtab."""
