"""What the user writes: scenario files, read, checked and sampled."""
