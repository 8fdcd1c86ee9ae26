"""Of one patient's course: what is in the blood, and what a laboratory reports of it.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from cascade.patient.times import years_of

if TYPE_CHECKING:
    from cascade.patient.blood import Blood
    from cascade.patient.clinic.laboratory import Laboratory
    from cascade.patient.clinic.leads import Leads
    from cascade.patient.course import Course


class Tested:
    """What a course says of the blood."""

    def blood(self, years: Sequence[float] | float) -> Blood:
        """Cells of the primary in the blood, and asleep, at some years: what is expected of this patient's traits."""
        from cascade.patient.blood import blood_of

        course = cast("Course", self)
        when = tuple(years_of(years, course.years).tolist())
        return blood_of(course.disease, when, course.traits, course.subtype)

    def laboratory(self, years: Sequence[float] | float, *, first_visit: int = 0) -> Laboratory:
        """What a laboratory reports: the disease's blood tests at some years, a visit each.

        Results are drawn, the same for the same patient, test and number of the visit; the level of a marker that a
        person has without a tumour is drawn once.

        Parameters
        ----------
        years : sequence of float
            Of the tumour, until the end.
        first_visit : int
            Number of the first of these visits.

        Raises
        ------
        InputError
            For a disease without blood tests, or years beyond the end.

        Examples
        --------
        >>> import cascade
        >>> some = cascade.cohort(cascade.disease("textbook"), patients=4, seed=1)
        >>> [row.test for row in some.patient(1).laboratory(8.0)]
        ['CTC', 'ctDNA', 'CA125', 'PSA', 'CEA']
        """
        from cascade.patient.clinic.laboratory import laboratory_of

        return laboratory_of(cast("Course", self), years, first_visit)

    def lead_times(self, mm: float = 20.0) -> Leads:
        """By how many years each blood test is positive before the primary has a diameter, as imaging might see it.

        Raises
        ------
        InputError
            For a disease without blood tests, or a diameter that a tumour never has.
        """
        from cascade.patient.clinic.leads import lead_times_of

        return lead_times_of(cast("Course", self), mm)
