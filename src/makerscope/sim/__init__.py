"""The loop that owns clock, order of events and dice; scenarios; what happened as a tape."""
