"""Benchmarks against what a user would otherwise take, on the same data, on one core, with answers compared."""
