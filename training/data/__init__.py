"""From the clips of `luv prepare` to batches of tensors: tables, decoded frames, augmentation, cached features."""
