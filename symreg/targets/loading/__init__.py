"""Loading: emitted source as Python callables, compiled where it has to be."""
