"""Dialogs take values and give values; one file each."""
