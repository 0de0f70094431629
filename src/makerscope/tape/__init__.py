"""The tape: event classes that are Arrow schemas; write, read, check, evidence.

One folder a tape, one sub-folder a table, one Parquet file a day, and ``manifest.json``.
"""
