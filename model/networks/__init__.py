"""One published network per file."""
