"""A multi-state model of the cascade as data: its parts, its checks, its hazards, the model itself."""

from cascade.model.model import Model, check_model

__all__ = ["Model", "check_model"]
