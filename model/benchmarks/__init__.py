"""What a network costs: counted exactly, and timed."""
