"""Own data of patients: from a table of a cohort to the numbers of a disease, with their uncertainty."""
