"""The presets of `luv train`, one TOML file each (systems specification, section 0)."""
