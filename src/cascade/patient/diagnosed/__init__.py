"""The exact answer through diagnosis, staging and surgery: lesions of the first generation.

For research and teaching, never for decisions about a patient.
"""
