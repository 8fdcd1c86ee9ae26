"""What a doctor has of a patient: tests, what they measure and what they report.

For research and teaching, never for decisions about a patient.
"""
