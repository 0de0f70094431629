"""Incentive and obligation rules as data: one schema, many presets, scored from a tape in integers."""
