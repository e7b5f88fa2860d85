"""Pure decisions about eSIMs: what was told makes a state, and a state allows deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.esim.errors import EsimStateError, ReplacementsSpentError
from enigm.domains.esim.model import (
    Association,
    CommercialState,
    Deed,
    DeviceAnswers,
    Eligibility,
    Esim,
    Fault,
    History,
    ProfileState,
    Standing,
    Status,
    Step,
    Told,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS_PER_DAY: Final = 86_400
# A profile that nobody fetches holds stock at the provider: half a year is the usual bound.
INSTALL_WITHIN_DAYS: Final = 180
# A question about an eSIM that ended comes within weeks; then the record goes.
PURGE_AFTER_DAYS: Final = 30
# Each replacement takes a profile that somebody pays for; more go through support.
REPLACEMENTS_MAX: Final = 1

_BY_STEP: Final[Mapping[Step, ProfileState]] = {
    Step.REQUESTED: ProfileState.AVAILABLE,
    Step.ORDERED: ProfileState.ALLOCATED,
    Step.CONFIRMING: ProfileState.ALLOCATED,
    Step.CONFIRMED: ProfileState.CONFIRMED,
    Step.RELEASED: ProfileState.RELEASED,
    Step.CANCELLED: ProfileState.UNAVAILABLE,
}
# What a phone has done counts before what it tried. Where two were told of for the same second,
# the later in its row counts.
_ON_THE_PHONE: Final = (Told.INSTALLED, Told.ENABLED, Told.DISABLED, Told.DELETED)
_ON_THE_WAY: Final = (
    Told.NOT_ELIGIBLE,
    Told.CODE_FAILED,
    Told.DOWNLOAD_FAILED,
    Told.DOWNLOADED,
    Told.INSTALL_FAILED,
)
_PLAN_GOES_ON: Final = (Told.PLAN_SUSPENDED, Told.PLAN_ACTIVE)
_STATES: Final[Mapping[Told, ProfileState]] = {
    Told.DOWNLOADED: ProfileState.DOWNLOADED,
    Told.INSTALLED: ProfileState.INSTALLED,
    Told.ENABLED: ProfileState.ENABLED,
    Told.DISABLED: ProfileState.DISABLED,
    Told.DELETED: ProfileState.DELETED,
}
_FAULTS: Final[Mapping[Told, Fault]] = {
    Told.NOT_ELIGIBLE: Fault.ELIGIBILITY,
    Told.CODE_FAILED: Fault.CONFIRMATION_CODE,
    Told.DOWNLOAD_FAILED: Fault.DOWNLOAD,
    Told.INSTALL_FAILED: Fault.INSTALL,
}
_ENDED: Final[Mapping[Standing, CommercialState]] = {
    Standing.RETIRED: CommercialState.RETIRED,
    Standing.REPLACED: CommercialState.REPLACED,
    Standing.REFUNDED: CommercialState.REFUNDED,
}
_RUNNING: Final = (CommercialState.ACTIVATION_READY, CommercialState.ACTIVE)
_BEFORE_THE_PHONE: Final = (
    ProfileState.AVAILABLE,
    ProfileState.ALLOCATED,
    ProfileState.CONFIRMED,
    ProfileState.RELEASED,
    ProfileState.ERROR,
)


def merged(history: History, told: Told, at: int) -> History:
    """Return the history with one more notice: the later time of each kind is kept."""
    return {**history, told: max(at, history.get(told, at))}


def profile_of(step: Step, history: History) -> tuple[ProfileState, Fault | None]:
    """Return the profile's state, and the fault where it is ERROR."""
    counted = _since_reset(history)
    # A profile that reached a phone is there, whatever was withdrawn meanwhile.
    if reached := _latest(counted, _ON_THE_PHONE):
        return _STATES[reached], None
    if step is Step.CANCELLED or Told.WITHDRAWN in counted:
        return ProfileState.UNAVAILABLE, None
    if tried := _latest(counted, _ON_THE_WAY):
        return _STATES.get(tried, ProfileState.ERROR), _FAULTS.get(tried)
    return _BY_STEP[step], None


def is_installed(esim: Esim) -> bool:
    """Say whether the profile has reached a phone, and may have been deleted there since."""
    return _latest(_since_reset(esim.history), _ON_THE_PHONE) is not None


def was_installed(esim: Esim) -> bool:
    """Say whether a phone ever had it. Once true it stays true, in whatever order one hears."""
    return _latest(esim.history, _ON_THE_PHONE) is not None


def ends_at(esim: Esim) -> int:
    """Return when the plan runs out, or the time to install it where nobody has."""
    installed = esim.history.get(Told.INSTALLED)
    if installed is not None:
        return installed + esim.plan.days * SECONDS_PER_DAY
    return esim.purchased_on + INSTALL_WITHIN_DAYS * SECONDS_PER_DAY


def purge_at(esim: Esim) -> int:
    """Return when a living eSIM's record goes by itself."""
    return purge_after(ends_at(esim))


def purge_after(ended_at: int) -> int:
    """Return when the record of what ended goes: a day, so that no second says whose it was."""
    return day_of(ended_at + PURGE_AFTER_DAYS * SECONDS_PER_DAY)


def day_of(now_seconds: int) -> int:
    """Return the start of the day: no more of a time is needed."""
    return now_seconds - now_seconds % SECONDS_PER_DAY


def commercial_of(esim: Esim, now_seconds: int) -> CommercialState:
    """Return the state of what was bought."""
    if ended := _ENDED.get(esim.standing):
        return ended
    if Told.PLAN_EXPIRED in esim.history or now_seconds >= ends_at(esim):
        return CommercialState.EXPIRED
    if Told.PLAN_USED_UP in esim.history:
        return CommercialState.USED_UP
    if _latest(esim.history, _PLAN_GOES_ON) is Told.PLAN_SUSPENDED:
        return CommercialState.SUSPENDED
    if is_installed(esim) or Told.PLAN_ACTIVE in esim.history:
        return CommercialState.ACTIVE
    if esim.step is Step.RELEASED:
        return CommercialState.ACTIVATION_READY
    return CommercialState.PURCHASED


def status_of(esim: Esim, now_seconds: int) -> Status:
    """Return what its holder sees."""
    profile, fault = profile_of(esim.step, esim.history)
    return Status(
        esim_id=esim.esim_id,
        product=esim.plan.product,
        profile=profile,
        fault=fault,
        commercial=commercial_of(esim, now_seconds),
        association=Association.UNLINKED if esim.owner is None else Association.ASSOCIATED,
        purchased_on=esim.purchased_on,
        ends_at=ends_at(esim),
        told_at=max(esim.history.values(), default=None),
        replaces=esim.replaces,
        deeds=deeds_of(esim, now_seconds),
    )


def deeds_of(esim: Esim, now_seconds: int) -> frozenset[Deed]:
    """Return what can be done with an eSIM now."""
    commercial = commercial_of(esim, now_seconds)
    profile, _fault = profile_of(esim.step, esim.history)
    is_live = esim.standing is Standing.LIVE
    can = {
        Deed.DELETE: True,
        Deed.UNLINK: esim.owner is not None,
        Deed.LINK: is_live and esim.owner is None,
        Deed.ACTIVATE: commercial is CommercialState.PURCHASED,
        Deed.REVEAL: esim.has_code and is_live and esim.step is Step.RELEASED,
        Deed.CONFIRM_INSTALLED: is_live and esim.has_code,
        Deed.REPLACE: commercial in _RUNNING
        and esim.owner is not None
        and esim.replacements < REPLACEMENTS_MAX,
        Deed.RETIRE: is_live,
        Deed.TAKE_BACK: is_live and profile in _BEFORE_THE_PHONE,
    }
    return frozenset(deed for deed, is_allowed in can.items() if is_allowed)


def require(deed: Deed, esim: Esim, now_seconds: int) -> None:
    """Return if the eSIM's state allows the deed.

    Raises:
        ReplacementsSpentError: it was replaced as often as it may be.
        EsimStateError: its state does not allow it.
    """
    if deed is Deed.REPLACE and esim.replacements >= REPLACEMENTS_MAX:
        raise ReplacementsSpentError
    if deed not in deeds_of(esim, now_seconds):
        raise EsimStateError


def eligibility_of(answers: DeviceAnswers) -> Eligibility:
    """Say whether a device can take an eSIM, from what its owner can see on it."""
    obstacles = (
        (not answers.shows_an_eid, "The device shows no EID, so it has no eSIM."),
        (answers.is_locked_to_a_carrier, "The device is locked to a carrier: have it unlocked."),
        (not answers.has_room_for_a_profile, "Delete an eSIM that you no longer use."),
        (not answers.is_allowed_to_install, "The device's management forbids adding an eSIM."),
    )
    found = tuple(sentence for stands, sentence in obstacles if stands)
    return Eligibility(not found, found)


def _since_reset(history: History) -> History:
    """Leave out what came before the provider made the profile fetchable again."""
    reset = history.get(Told.RESET)
    if reset is None:
        return history
    return {told: at for told, at in history.items() if at > reset}


def _latest(history: History, kinds: Sequence[Told]) -> Told | None:
    told = [(history[kind], place) for place, kind in enumerate(kinds) if kind in history]
    return kinds[max(told)[1]] if told else None
