"""The parts of `match.py`: processes, time, load, and what was seen."""
