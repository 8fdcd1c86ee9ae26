"""What the headings of somebody's table say: numbers of cells, something else that is measured, or nothing known.

A heading decides what its numbers mean, so that words are known in several languages; what they do not
decide is asked for.  Long stems are found inside words too, as in *Zellkonzentration*.
"""

from __future__ import annotations

import re

NAMES = ("step", "steps", "stage", "name", "state")
COUNTS = ("number", "numbers", "count", "counts", "cells", "n")
"""Headings that name the column of names, and that of numbers of cells, whatever else there is."""

_OF_CELLS = re.compile(
    r"number|count|\bcells?\b|\bn\b|zahl|zelle|\btiere?\b|mäuse|patient|animals?\b|\bmice\b|\bnombre|\bcellul|souris"
    r"|animaux|número|numero|célula|celula|\bcellen\b|celler|aantal|\bantall?\b|liczba|komór|coloni|koloni|survivors"
    r"|überlebende",
    re.IGNORECASE,
)
"""Numbers of cells, animals, patients or colonies."""

_SHARES = (
    r"%|‰|per ?cent|\bpct\b|pro[zc]ent|pourcent|porcent|percentu|anteil|bruchteil|\bshare|fraction|fracci|fraç|frazion"
    r"|proportion|proporci|proporç|proporzion|\bratio|verhältnis|rat(e|es|en)\b|\btaux|\btasa|\btaxa|\btasso|frequen"
    r"|fréquen|frecuen|häufigkeit|survival|survie\b|überleben(s|\b)|supervivenc|sobreviv|sopravviv|probab"
    r"|wahrscheinlich|efficien|effizien|yield|incidence|prevalence|\brisk|\bodds|hazard|relati|normali[sz]|fold\b"
)
_TIMES = (
    r"\b(h|hrs?|min|sec|s|d|t)\b|hour|stunde|heure|\bhoras?\b|\bore\b|minut|second|sekund|\bdays?\b|\btage?\b|\bjours?\b"
    r"|\bd[ií]as?\b|week|woche|month|monat|\byears?\b|jahr|time|zeit|dauer|\btemps|tiempo|tempo|\bdate|datum|\bage\b"
)
_SIZES = (
    r"/|\b(per|pro|par|por)\b|concentra|konzentra|densi|dichte|tit(er|re)\b|volum|\bmass|weight|gewicht|\bsize|diamet"
    r"|durchmesser|\barea|fläche|length|länge|intensi|fluores|luminesc|lumines[zc]|absorban|signal|\bflux|\bdos[ei]s?\b"
    r"|temperat|\b(od|sd|sem|std|stdev|error|variance|cv|mm|cm|µm|um|ml|µl|ul)\b|thousand|tausend|million|\bmio\b"
    r"|milliers|\bmiles\b|log|10 ?\^|10[⁰¹²³⁴-⁹]|[x\u00d7\u00b7*] ?10|\be\d|\(k\)"
)
_LABELS = r"version|replica|\brepl?\b|batch|\bid\b|\bnr\b|index|rank|order\b|plate|\bwell|score|page\b"
_OF_ELSE = re.compile("|".join((_SHARES, _TIMES, _SIZES, _LABELS)), re.IGNORECASE)
"""Shares, rates, times, concentrations, sizes, numbers in thousands, labels: no numbers of cells as they are."""


def names_cells(heading: str) -> bool:
    """Whether a heading says that its numbers are numbers of cells.

    Examples
    --------
    >>> [names_cells(h) for h in ("Zellen", "number of cells", "cells/ml", "cells (thousands)", "value")]
    [True, True, False, False, False]
    """
    return heading.lower() in COUNTS or bool(_OF_CELLS.search(heading) and not names_else(heading))


def names_else(heading: str) -> bool:
    """Whether a heading says that its numbers are something else.

    Examples
    --------
    >>> [names_else(h) for h in ("Anteil", "pct", "taux de survie", "hours", "Zellkonzentration", "value")]
    [True, True, True, True, True, False]
    """
    return bool(_OF_ELSE.search(heading))


def names_numbers(heading: str) -> bool:
    """Whether a heading says that numbers stand below it, of whatever."""
    return (
        names_cells(heading) or names_else(heading) or heading.lower() in ("entered", "passed", "low", "high", "still")
    )
