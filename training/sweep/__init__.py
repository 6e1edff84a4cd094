"""Ablation sweeps: one setting, several values, a run for each, and one table of all (systems.md 5.3)."""
