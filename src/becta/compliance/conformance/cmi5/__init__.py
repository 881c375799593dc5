"""The runner for cmi5 course structures, alone or in a zip."""
