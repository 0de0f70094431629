"""Measure, stress and pay market makers on decentralised derivatives venues."""

__version__ = "0.1.0"
