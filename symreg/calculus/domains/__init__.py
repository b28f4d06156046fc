"""Where phi has a value: the conditions of its domain, and what a formula itself leaves out."""
