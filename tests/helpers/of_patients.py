"""Names of the figures of patients, for tests of all other figures."""

OF_PATIENTS = frozenset(
    {
        "at_diagnosis",
        "blood_and_lead",
        "calibrated",
        "course",
        "hazard_by_year",
        "incidence_by_site",
        "outcomes",
        "number_and_sizes",
        "saved",
        "seeding_tree",
        "survival",
        "ten",
        "two_courses",
    }
)
"""Drawn in test_figures_whole, test_figures_patients and test_figures_cares."""

OF_FITS = frozenset({"data", "fit", "heat_map", "posterior", "profile", "tornado"})
"""Drawn in test_figures_fits."""
