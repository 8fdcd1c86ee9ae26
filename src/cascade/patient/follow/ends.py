"""The ends of a follow-up by name: what counts as event, what deaths do, and who is followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cascade.common.errors import InputError, nearest
from cascade.common.types import Ints
from cascade.patient.follow.estimators import Curve, incidence, net, survival
from cascade.patient.follow.months import AMONG, TRACKS


@dataclass(frozen=True)
class End:
    """An end of a follow-up.

    Attributes
    ----------
    name : str
    track : str
        One of ``months.TRACKS``, without its "true".
    curve : callable
        The estimator of its share by month.
    composite : bool
        Whether competing events are events of it.
    among : str
        Who is followed, where nothing else is said: one of ``months.AMONG``.
    told : str
        What counts as event and what happens with deaths, in a line.
    """

    name: str
    track: str
    curve: Callable[[Ints], Curve]
    composite: bool
    among: str
    told: str


_ALL, _UNSEEN = AMONG

ENDS = {
    end.name: end
    for end in (
        End("overall survival", "death", survival, True, _ALL, "Event: death of any cause."),
        End("cumulative incidence of death of the tumour", "death", incidence, False, _ALL,
            "Event: death of the tumour; death of other causes competes."),
        End("distant-metastasis-free survival", "distant", survival, True, _UNSEEN,
            "Event: distant metastasis seen, or death of any cause."),
        End("freedom from distant metastasis", "distant", net, False, _UNSEEN,
            "Event: distant metastasis seen; deaths are censored (net)."),
        End("cumulative incidence of distant metastasis", "distant", incidence, False, _UNSEEN,
            "Event: distant metastasis seen; death of any cause competes."),
        End("recurrence-free survival", "recurrence", survival, True, _UNSEEN,
            "Event: recurrence seen, local or distant, or death of any cause."),
        End("cumulative incidence of recurrence", "recurrence", incidence, False, _UNSEEN,
            "Event: recurrence seen, local or distant; death of any cause competes."),
    )
}  # fmt: skip

SEEN = {
    "scheduled": "Seen at visits as they are scheduled, or by symptoms.",
    "true": "Seen on the first day on which it could be, were one to look every day.",
}
"""When something is seen, in words."""


def end_of(name: object) -> End:
    """An end by its name.

    Raises
    ------
    InputError
        For a name that there is not.
    """
    if not isinstance(name, str) or name not in ENDS:
        raise InputError("end", name, f"the name of an end; {nearest(name, ENDS)}")
    return ENDS[name]


def track_of(end: End, seen: object) -> int:
    """Place of the track that an end is counted on.

    Raises
    ------
    InputError
        For another way to see than "scheduled" or "true".
    """
    if not isinstance(seen, str) or seen not in SEEN:
        raise InputError("seen", seen, "'scheduled' or 'true'")
    named = f"{end.track}, true"
    return TRACKS.index(named if seen == "true" and named in TRACKS else end.track)
