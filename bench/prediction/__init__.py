"""What a model too large to try will take on this machine, from what small ones took."""
