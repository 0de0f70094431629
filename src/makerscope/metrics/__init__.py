"""Tape tables to bucket tables to measures. Knows only the tape."""
