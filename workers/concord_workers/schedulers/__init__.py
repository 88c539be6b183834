"""Samplers by their contract names."""
