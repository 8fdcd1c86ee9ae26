"""Runs: simulated results, saved and replayed; the same cells twice; traits of survivors."""
