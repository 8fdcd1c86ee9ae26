"""How patients come to a clinic, what is seen and measured there, and what is done.

For research and teaching, never for decisions about a patient.
"""
