from retort.config import Config, ConfigAttribute

__all__ = [
    "Config",
    "ConfigAttribute",
]
