"""Lessons: one page that teaches without a teacher's evening, for every model and disease of the catalogue."""
