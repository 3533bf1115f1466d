"""Peakwise: a warehouse of meter readings that finds the right customers for demand response."""
