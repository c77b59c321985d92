"""Counting FLOPs, timing, and measuring memory."""
