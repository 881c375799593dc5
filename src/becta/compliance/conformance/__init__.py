"""Conformance runners: the marketplace tests artefacts and endpoints itself, and tells what it saw clause by clause."""
