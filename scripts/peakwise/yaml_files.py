"""Reads the project's YAML with the parser in C where PyYAML has it: the one in Python takes half a second for all marts."""

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        OSError: It cannot be read.
        yaml.YAMLError: It is no YAML.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
