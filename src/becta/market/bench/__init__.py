"""Measurements: relevance against judgments, and speed as ratios in one run."""
