"""Patients: a tumour that grows and sheds cells into the cascade, whose few survivors grow in their turn.

So far the building blocks: growth, the founding of shed cells, and the early fate of a lesion; no patient yet.

For research and teaching, never for decisions about a patient.
"""
