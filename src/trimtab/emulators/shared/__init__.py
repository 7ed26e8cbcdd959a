"""What the emulators of all clouds share: doors, faults, clock, serving."""
