"""Objectives: from text, a file or specs to terms that share one declaration of each parameter."""
