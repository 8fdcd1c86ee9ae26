"""What is made of diagnosed patients who are followed: registers, counts by month, survival, hazards, tables.

For research and teaching, never for decisions about a patient.
"""
