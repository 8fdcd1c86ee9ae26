"""Scores: published figures beside what the models say, and whether they agree."""
