"""What the subcommands of `luv` do; each module is imported when its command is called."""
