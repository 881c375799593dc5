"""Logging: one JSON object a line, without personal data or local variables."""

import structlog


def configure() -> None:
    """Set up structured logging for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(),
            structlog.processors.JSONRenderer(),
        ],
        cache_logger_on_first_use=True,
    )
