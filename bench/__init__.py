"""What the hardware and the methods really do, measured; knows no money."""
