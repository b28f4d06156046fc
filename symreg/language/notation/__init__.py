"""What people type and what papers print, read as the language's own notation; says what it read, and asks back."""
