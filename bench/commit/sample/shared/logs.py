"""Logging as all functions do it: one line of JSON for each event, with how long it took."""

from __future__ import annotations

import functools
import json
import logging
import os
import time


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def logger(name: str) -> logging.Logger:
    """The logger of a module, as loud as the template asks for."""
    made = logging.getLogger(name)
    made.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
    if not made.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(_Lines())
        made.addHandler(handler)
    return made


def timed(log: logging.Logger):
    """A decorator that says how long a handler took, and that it failed if it did."""

    def decorated(function):
        @functools.wraps(function)
        def wrapped(event, context):
            started = time.monotonic()
            try:
                return function(event, context)
            except Exception:
                log.exception("failed")
                raise
            finally:
                log.info("took %.3f s", time.monotonic() - started)

        return wrapped

    return decorated
