"""Spec files: read as TOML, and made into penalties, rules and losses once their parts fit."""
