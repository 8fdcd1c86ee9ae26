"""A multi-state model of the cascade as data: its parts, its checks, its hazards, the model itself."""

from cascade.model.conditioned import Conditioned, given, model_of
from cascade.model.model import Model, check_model

__all__ = ["Conditioned", "Model", "check_model", "given", "model_of"]
