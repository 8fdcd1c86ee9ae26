"""Patients: a tumour that grows and sheds cells into the cascade, whose few survivors grow in their turn.

For research and teaching, never for decisions about a patient.
"""
