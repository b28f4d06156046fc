"""What was found, as data, as text and as JSON: one `Check` and one `Report` for functions and for whole objects."""
