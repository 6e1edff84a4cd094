"""The window. Widgets show values and say what the user asked for; they never read files or run networks."""
