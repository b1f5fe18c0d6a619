"""Libraries that only some need."""

import importlib
from typing import Any


def need(module: str, extra: str) -> Any:
    """The module, or words that say how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"guiju.{extra} needs {module}: pip install 'guiju[{extra}]'") from error
