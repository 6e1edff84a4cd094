"""`luv train`: networks of the registry trained on the clips of a split, with Lightning."""
