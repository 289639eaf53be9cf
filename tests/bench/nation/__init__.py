"""A year of a nation's intensive-outpatient treatment on one machine, phase by phase: `make bench-nation`."""
