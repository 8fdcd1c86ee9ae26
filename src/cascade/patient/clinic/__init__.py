"""How patients come to a clinic, what is seen there, and what is done: data, and what follows from them.

For research and teaching, never for decisions about a patient.
"""
