"""The catalogue: named models, cancers and treatments, each number with its source and grade."""

from cascade.catalog.loader import load, load_any, models, names, treatment, treatment_names, treatments

__all__ = ["load", "load_any", "models", "names", "treatment", "treatment_names", "treatments"]
