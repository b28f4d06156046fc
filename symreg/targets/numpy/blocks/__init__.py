"""The body of a loop over blocks: statements as calls of ufuncs, each into a row of scratch."""
