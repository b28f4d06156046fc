"""Rewrites: rules that turn a form into an equal one with less cancellation or overflow."""
