"""Values and rules of lung-ultrasound reading. Depends on numpy alone: no Qt, no torch, no file formats."""
