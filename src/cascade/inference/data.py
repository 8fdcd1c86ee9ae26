"""Data of one's own: what every kind of it has in common, and how each is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cascade.answers.handing import HandsOut
from cascade.common.errors import InputError
from cascade.common.jsons import plain_data
from cascade.model.observables import Observable

if TYPE_CHECKING:
    from cascade.answers.funnel import Funnel
    from cascade.inference.cohorts.rows import Patients
    from cascade.inference.counted import Counts
    from cascade.inference.panels import Panel
    from cascade.inference.seen import Seen
    from cascade.inference.timed import Times


class Data(HandsOut):
    """What somebody has measured: rows of an arm each, of one kind.

    ``Data.counts``: cells per animal and time.  ``Data.times``: when it happened, to cells, animals or patients.
    ``Data.seen``: in how many of how many something was found, as at autopsy.  ``Data.panel``: in which state cells
    were, look by look.  ``Data.patients``: what was found in patients at diagnosis, and when a metastasis was seen.

    Attributes
    ----------
    rows : tuple
        As the kind has them.
    observables : mapping of str to Observable
        What was given; an observable that is not here is one of the model, or a state of it.
    name : str
        Where they come from.
    """

    if TYPE_CHECKING:
        rows: tuple[Any, ...]
        observables: Mapping[str, Observable]
        name: str
        names: ClassVar[str]  # which attribute of a row is a name of the model, or of what was given

        @property
        def told(self) -> str:
            """How much there is, in words."""

    @staticmethod
    def counts(
        table: object,
        observables: Mapping[str, Any] | Sequence[Observable] = (),
        *,
        columns: Mapping[str, str] | None = None,
        wide: Sequence[str] = (),
        cells: float | None = None,
        fraction: float | None = None,
        limit: float | None = None,
        unit: str | None = None,
        sheet: str | int | None = None,
    ) -> Counts:
        """Counts per animal, time and kind of cell, from a table.

        Parameters
        ----------
        table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
            Long, with a column of counts and one of what was counted, or wide, with a column for each.
        observables : sequence of Observable, or mapping of str to Observable, str or sequence of str
            What stands in the column of observables, or in the headings of a wide table; names map to states of the
            model.  A name that is not given is looked for in the model when data and model meet.
        columns : mapping of str to str, optional
            Headings, where they are not known: of 'animal', 'arm', 'experiment' (animals of one share something),
            'hours' or 'days', 'observable', 'count', 'cells' (given to the animal), 'fraction' (of the tissue that was
            looked at), 'limit' (counts below it are not seen).  A count may also be written '<10'.
        wide : sequence of str, optional
            Headings of the columns of counts of a wide table.
        cells, fraction, limit : float, optional
            For all rows, in place of a column; a fraction of 1 and no limit where nothing is said.
        unit : str, optional
            'hours' or 'days', where the heading does not say it.
        sheet : str or int, optional
            Of a spreadsheet with several tables: which, by name or by number from 1 on.

        Raises
        ------
        InputError
            When a column is missing.
        ModelError
            With every fault of the table at once, by row and column.
        """
        from cascade.inference.reading import read_counts

        numbers = {"cells": cells, "fraction": fraction, "limit": limit}
        return read_counts(table, observables, columns, wide, numbers, unit, sheet)

    @staticmethod
    def funnels(
        table: object,
        steps: Sequence[str],
        *,
        columns: Mapping[str, str] | None = None,
        sheet: str | int | None = None,
    ) -> Mapping[str, Funnel]:
        """Funnels of animals, one for each arm: how many cells of each animal came through each step.

        Parameters
        ----------
        table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
            A row for each animal.
        steps : sequence of str
            Headings of the columns of numbers in order: what was started with, then what was left at each step.
        columns : mapping of str to str, optional
            Headings of 'animal' and 'arm', where they are not known.
        sheet : str or int, optional
            Of a spreadsheet with several tables: which, by name or by number from 1 on.

        Returns
        -------
        mapping of str to Funnel
            By arm, of the median animal; intervals are by what differs between animals.

        Raises
        ------
        InputError
            When a column is missing.
        ModelError
            With every fault of the table at once, by row and column.

        Examples
        --------
        >>> table = {"mouse": ["a", "b", "c"], "injected": [1000] * 3, "arrested": [860, 910, 790], "out": [80, 99, 60]}
        >>> print(Data.funnels(table, ["injected", "arrested", "out"])["all"].rows[1].step)
        out
        """
        from cascade.inference.funnels import read_funnels

        return read_funnels(table, steps, columns, sheet)

    @staticmethod
    def times(
        table: object,
        events: Mapping[str, Any] | Sequence[Observable] = (),
        *,
        columns: Mapping[str, str] | None = None,
        cells: float | None = None,
        unit: str | None = None,
        sheet: str | int | None = None,
    ) -> Times:
        """Times to events, of cells, animals or patients, from a table of a row each.

        Parameters
        ----------
        table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
            With a column of times and one of what happened then; where nothing had, the row is censored.
        events : mapping of str to Observable, str, sequence of str or None; or sequence of Observable
            What stands in the column of events, and what it is in the model: states that are entered, deaths of an
            ``Observable``; None for what censors.  Unless that is given, an empty cell, '0', 'censored', 'alive' or
            'none' censors.  Without any, each name is looked for in the model when data and model meet.
        columns : mapping of str to str, optional
            Headings, where they are not known: of 'unit' (whose row it is), 'animal' (rows of one depend on each
            other), 'arm', a time in 'hours', 'days', 'weeks', 'months' or 'years', 'event', 'after' (an earlier look,
            at which it had not happened: between them it has), 'entry' (from when on it would have been seen),
            'cells' (of which the first counts).  A time may be written '<10', it had happened by then, or '>10', it
            had not.
        cells : float, optional
            Of which the first to come there makes the event, for all rows; default 1.
        unit : str, optional
            Of all times, where no heading says it.
        sheet : str or int, optional
            Of a spreadsheet with several tables: which, by name or by number from 1 on.

        Raises
        ------
        InputError
            When a column is missing.
        ModelError
            With every fault of the table at once, by row and column.

        Examples
        --------
        >>> data = Data.times({"day": [3, 5, 8], "event": ["relapse", "", "relapse"]})
        >>> [round(row.share, 3) for row in data.incidence()]
        [0.333, 0.333, 1.0]
        """
        from cascade.inference.reading_times import read_times

        return read_times(table, events, columns, {"cells": cells}, unit, sheet)

    @staticmethod
    def seen(
        table: object,
        observables: Mapping[str, Any] | Sequence[Observable] = (),
        *,
        columns: Mapping[str, str] | None = None,
        cells: float | None = None,
        unit: str | None = None,
        sheet: str | int | None = None,
    ) -> Seen:
        """In how many of how many something was found, as at autopsy, from a table.

        Parameters
        ----------
        table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
            A row for each group that was looked at once, with how many they were and in how many it was found.
        observables : sequence of Observable, or mapping of str to Observable, str or sequence of str
            What was looked for, as for ``Data.counts``.
        columns : mapping of str to str, optional
            Headings, where they are not known: of 'arm', 'hours' or 'days', 'observable', 'found', 'of', 'cells'.
        cells : float, optional
            That each was given, for all rows; default 1.
        unit : str, optional
            'hours' or 'days', where the heading does not say it.
        sheet : str or int, optional
            Of a spreadsheet with several tables: which, by name or by number from 1 on.

        Raises
        ------
        InputError
            When a column is missing.
        ModelError
            With every fault of the table at once, by row and column.
        """
        from cascade.inference.reading_times import read_seen

        return read_seen(table, observables, columns, {"cells": cells}, unit, sheet)

    @staticmethod
    def panel(
        table: object,
        states: Mapping[str, Any] | Sequence[Observable] = (),
        *,
        columns: Mapping[str, str] | None = None,
        unit: str | None = None,
        sheet: str | int | None = None,
    ) -> Panel:
        """In which state each cell was, look by look, from a table of a row for each look.

        Parameters
        ----------
        table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
        states : mapping of str to Observable, str or sequence of str; or sequence of Observable
            What stands in the column of states, and what it is in the model: several states that look alike, deaths
            of an ``Observable``.  A name that is not given is looked for in the model when data and model meet.
        columns : mapping of str to str, optional
            Headings, where they are not known: of 'unit' (the cell), 'animal' (cells of one depend on each other),
            'arm', 'hours' or 'days', 'state'.
        unit : str, optional
            Of all times, where no heading says it.
        sheet : str or int, optional
            Of a spreadsheet with several tables: which, by name or by number from 1 on.

        Raises
        ------
        InputError
            When a column is missing.
        ModelError
            With every fault of the table at once, by row and column.
        """
        from cascade.inference.reading_times import read_panel

        return read_panel(table, states, columns, unit, sheet)

    @staticmethod
    def patients(
        table: object,
        *,
        columns: Mapping[str, str] | None = None,
        mm: Sequence[float] | None = None,
        nodes: Sequence[int] | None = None,
        tube: Sequence[int] | None = None,
        years: Sequence[float] | None = None,
        given: Sequence[str] = (),
        unit: str | None = None,
        sheet: str | int | None = None,
    ) -> Patients:
        """Patients of a cohort, from a table of a row for each, or for several who are alike.

        Parameters
        ----------
        table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
            With some of: the diameter of the primary at diagnosis in mm, positive nodes, whether a distant metastasis
            was seen at diagnosis, tumour cells in 7.5 mL of blood then, and the time from diagnosis to the first
            distant metastasis or the last look.  A size or a number of nodes may be a range, such as '10-20', '<10',
            '>=50', '1-3', '4+', 'N0', 'N+'; what is not known is left empty.
        columns : mapping of str to str, optional
            Headings, where they are not known: of 'arm', 'mm', 'nodes', 'metastasis', 'tube', 'days', 'weeks',
            'months' or 'years', 'event' (whether a metastasis was seen at that time), 'patients' (how many the row is);
            for a range in two columns 'mm_from', 'mm_to', 'nodes_from', 'nodes_to'.
        mm, nodes, tube : sequence of number, optional
            Borders of the classes in which patients are counted.  Default: those of the ranges in the table, or 10, 20,
            30 and 50 mm; 1, 4 and 10 nodes; 1 and 5 cells.
        years : sequence of float, optional
            Ends of the intervals in which metastases are counted. Default: years to 5, then longer ones.
        given : sequence of str, optional
            Of 'mm', 'nodes', 'metastasis': what patients were chosen by, so that how many have it says nothing.
        unit : str, optional
            Of all times, where no heading says it.
        sheet : str or int, optional
            Of a spreadsheet with several tables: which, by name or by number from 1 on.

        Raises
        ------
        InputError
            When there is no column of any of them, or of a range across classes.
        ModelError
            With every fault of the table at once, by row and column.

        Examples
        --------
        >>> table = {"mm": ["10-20", "10-20", "20-50"], "nodes": ["N0", "N+", "N+"], "patients": [120, 55, 80]}
        >>> print(Data.patients(table).told)
        255 patients, 0 with a metastasis at diagnosis, 0 with one later
        """
        from cascade.inference.cohorts.reading import read_patients

        asked = {"mm": mm, "nodes": nodes, "tube": tube, "years": years}
        return read_patients(table, columns, unit, asked, given, sheet)

    @property
    def arms(self) -> tuple[str, ...]:
        """Names in order of appearance."""
        return tuple(dict.fromkeys(row.arm for row in self.rows))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries, which the reader of their kind takes again: None for what is not known."""
        return plain_rows(self)

    def __len__(self) -> int:
        return len(self.rows)


def plain_rows(data: Data) -> list[dict[str, Any]]:
    """Rows as plain dictionaries of their attributes, as fits are saved: None for what is infinite."""
    return [plain_data(vars(row)) for row in data.rows]


def number_of(count: int, what: str) -> str:
    """A number of things.

    Examples
    --------
    >>> number_of(1200, "look")
    '1,200 looks'
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def data_of(data: object) -> Data:
    """Data; a table is not."""
    if not isinstance(data, Data):
        wanted = "cascade.Data.counts(table, ...), or of times, seen, panel or patients" + (
            f"; {Path(data).name} is a path" if isinstance(data, str) else ""
        )
        raise InputError("data", type(data).__name__, wanted)
    return data
