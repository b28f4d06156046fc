"""Characters to tokens: plain text with symbols, or LaTeX; which bars belong together, what is defined."""
