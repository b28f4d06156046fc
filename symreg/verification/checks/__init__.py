"""Checks: functions held against the oracle, one kind of check a file."""
