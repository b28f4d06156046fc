"""Mathematics for readers: trees as plain text and LaTeX, as on paper."""
