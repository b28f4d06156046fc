"""Claims about a penalty, one function each: what is proved, under which condition, or which numbers refute it."""
