"""A multi-state model of the cascade as data: its parts, its checks, the model itself."""

from cascade.model.model import Model

__all__ = ["Model"]
