"""Updates: what is to be emitted, as trees; no target's syntax yet."""
