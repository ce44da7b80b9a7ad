"""The server's log: one line per thing that happened, as key=value for people or as JSON for collectors, on stderr."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum


class LogFormat(StrEnum):
    """How a line is written."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least grave lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def set_up_logs(*, level: LogLevel, format_: LogFormat, for_good: bool = False) -> None:
    """Says how lines are written from now on, those of libraries included.

    `for_good` is quicker, and for processes that never change their mind: what has logged once logs like that for ever.
    """
    # Only servers write a log, and structlog takes a tenth of a second to load.
    import structlog

    renderer: structlog.typing.Processor
    if format_ is LogFormat.JSON:
        renderer = structlog.processors.JSONRenderer()
    else:
        # Tracebacks are plain: the richer ones show local variables, and one of those may be a secret.
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=for_good,
    )
