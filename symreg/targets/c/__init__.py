"""The C target: one header and one source file in C99."""
