"""Decide about one key on one surface. `docs/verdicts.md` has the same in tables."""

from __future__ import annotations

import datetime as dt

from keylint.model import (
    Certainty,
    Evidence,
    KeyRecord,
    KeyStatus,
    Level,
    Link,
    Privacy,
    Reason,
    Severity,
    Surface,
    Surroundings,
    Verdict,
    VerdictKind,
)
from keylint.privileges import PrivilegeModel, SetRating, Template
from keylint.records import dataclass, replace
from keylint.rule import Rule

_MOST_NAMED = 10
_NOTHING_AROUND = Surroundings()
_BY_MASK = Reason("match-by-mask", "told by what a masked value shows: it may be another key")
_KINDS = list(VerdictKind)
_NO_ENTRY = {
    Certainty.NONE: ("no-entry", "no entry of the complete inventory fits"),
    Certainty.NONE_PARTIAL: ("no-entry-partial", "no entry fits, and the inventory is partial"),
    Certainty.NO_INVENTORY: ("no-inventory", "no inventory of such keys was given"),
}


@dataclass(frozen=True)
class _Opinion:
    """What one source says about a key's privacy."""

    source: str
    privacy: Privacy
    reason: Reason
    template: Template | None = None


@dataclass(frozen=True)
class _Case:
    """One key, one entry that it may be, one surface."""

    rule: Rule
    evidence: Evidence
    record: KeyRecord | None
    certainty: Certainty
    surface: Surface
    model: PrivilegeModel
    now: dt.datetime
    around: Surroundings = Surroundings()
    size: int = 0  # bytes of the value, 0 if not told

    @property
    def client(self) -> bool:
        return self.surface is Surface.CLIENT


def decide(
    *,
    rule: Rule,
    evidence: Evidence,
    link: Link,
    surface: Surface,
    model: PrivilegeModel,
    now: dt.datetime,
    tentative: bool = False,
    around: Surroundings = _NOTHING_AROUND,
    size: int = 0,
) -> Verdict:
    """The verdict about a key found on a surface.

    Where several inventory entries fit, each is judged and the most severe verdict is given. `tentative` says
    that only the shape speaks for this kind of key; without an entry that is no more than a note. `around`
    adds notes and may make a private key worse, and never decides. `size` is the value's length in bytes
    (0: not told). `now` has a time zone.
    """
    if any(name == "sample" for name, _ in evidence.facts):
        reason = Reason("documented-sample", "the provider's documentation publishes this value as a sample")
        return _verdict(VerdictKind.ALLOWED, Severity.WARN, Privacy.PUBLIC, reason)
    case = _Case(rule, evidence, None, link.certainty, surface, model, now, around, size)
    if not link.records:
        return _decide_shape(case) if tentative else _decide_one(case)
    verdicts = [_decide_one(replace(case, record=record)) for record in link.records]
    if len(verdicts) == 1:
        return _with_doubt(verdicts[0], link)
    return _most_severe(verdicts, link)


def _decide_shape(case: _Case) -> Verdict:
    reason = Reason("shape-only", "only its shape speaks for such a key, and no inventory entry fits")
    verdict = _verdict(VerdictKind.UNKNOWN, Severity.LOW, case.rule.privacy, reason)
    return replace(verdict, level=Level.NOTE)


def _with_doubt(verdict: Verdict, link: Link) -> Verdict:
    if link.certainty is not Certainty.SUFFIX:
        return verdict
    return replace(verdict, notes=(*verdict.notes, _BY_MASK))


def _most_severe(verdicts: list[Verdict], link: Link) -> Verdict:
    worst = max(verdicts, key=lambda v: (v.level.rank, v.severity.rank, -_KINDS.index(v.kind)))
    count = len(verdicts)
    text = f"{count} inventory entries fit, and this is the most severe answer: {worst.reason.text}"
    each = [
        f"{record.label or record.key_id} ({record.key_id}): {verdict.kind.value}"
        for record, verdict in zip(link.records, verdicts, strict=True)
    ]
    more = f"; and {count - _MOST_NAMED} more" if count > _MOST_NAMED else ""
    rows = Reason("ambiguous-entries", "; ".join(each[:_MOST_NAMED]) + more)
    return replace(worst, reason=Reason(worst.reason.code, text), notes=(*worst.notes, rows, _BY_MASK))


def _decide_one(case: _Case) -> Verdict:
    """The verdict if the key is this entry, or has none."""
    opinions = _opinions(case)
    decided = opinions[0]
    notes = (*_contradictions(opinions), *_circumstances(case), *_of_place(case, decided.privacy))
    death = _death(case)
    if death is not None:
        return _verdict(
            VerdictKind.RETIRED, Severity.LOW, decided.privacy, death, notes=notes, template=decided.template
        )
    return _decide_alive(case, decided, notes)


def _decide_alive(case: _Case, decided: _Opinion, notes: tuple[Reason, ...]) -> Verdict:
    privacy, reason, template = decided.privacy, decided.reason, decided.template
    severity = _severity(case, decided)
    nearest, excess = _beyond_public(case, template)
    flagged = _flagged(case.record)
    if flagged is not None:
        return _verdict(
            VerdictKind.EXPOSED,
            severity,
            privacy,
            flagged,
            notes=(reason, *notes),  # why it matters beside the flag
            template=template or nearest,
            excess=excess if case.client else (),
        )
    if privacy is Privacy.DEPENDS:
        severity = Severity.MEDIUM if case.client else Severity.LOW
        return _verdict(VerdictKind.UNKNOWN, severity, privacy, reason, notes=notes)
    from_inventory = reason.code in ("inventory-level", "template", "privileges")
    if excess and from_inventory and (case.client or privacy is Privacy.PUBLIC):
        reason = _too_much(decided, nearest)
        kind = VerdictKind.OVER_PRIVILEGED
        return _verdict(kind, severity, privacy, reason, notes=notes, template=nearest, excess=excess)
    if privacy is Privacy.PUBLIC:
        fits = template or nearest
        return _verdict(VerdictKind.ALLOWED, Severity.WARN, privacy, reason, notes=notes, template=fits)
    return _verdict(VerdictKind.EXPOSED, severity, privacy, reason, notes=notes, template=template)


def _verdict(
    kind: VerdictKind,
    severity: Severity,
    privacy: Privacy,
    reason: Reason,
    *,
    notes: tuple[Reason, ...] = (),
    template: Template | None = None,
    excess: tuple[str, ...] = (),
) -> Verdict:
    name = template.name if template else ""
    return Verdict(kind, kind.level, severity, privacy, reason, notes, name, excess)


# --- Privacy: who says what, in order of trust


def _opinions(case: _Case) -> list[_Opinion]:
    """Every source's opinion, the deciding one first; there is always one."""
    rule, evidence, record = case.rule, case.evidence, case.record
    proved = evidence.privacy or (rule.privacy if rule.proves else None)
    value = _of_value(case, proved) if proved in (Privacy.PUBLIC, Privacy.PRIVATE) else None
    found = [value] if value and proved is Privacy.PRIVATE else []
    if record is not None:
        found += _of_record(case, record)
    if value and proved is Privacy.PUBLIC:
        found.append(value)
    if not found:
        found.append(_of_rule(case))
    return found


def _of_value(case: _Case, privacy: Privacy | None) -> _Opinion:
    assert privacy is not None
    shown = case.evidence.reason if case.evidence.privacy else case.rule.decided_by
    text = f"the value itself shows that it is {privacy.value}" + (f": {shown}" if shown else "")
    return _Opinion("the value itself", privacy, Reason(f"value-{privacy.value}", text))


def _of_record(case: _Case, record: KeyRecord) -> list[_Opinion]:
    found = []
    template = case.model.template(record.template_id)
    if record.privacy is not None:
        text = f"the inventory says that this key is {record.privacy.value}"
        reason = Reason("inventory-level", text)
        found.append(_Opinion("the inventory's privacy level", record.privacy, reason, template))
    if template is not None:
        tag = "can be public" if template.privacy is Privacy.PUBLIC else "must remain private"
        reason = Reason("template", f"keys of the template {template.name} {tag}")
        found.append(_Opinion(f"the template {template.name}", template.privacy, reason, template))
    by_privileges = _of_privileges(case.model, record)
    # Privileges that keylint cannot place say nothing against the level or the template.
    if by_privileges is not None and (by_privileges.privacy is not Privacy.DEPENDS or not found):
        found.append(by_privileges)
    return found


def _of_privileges(model: PrivilegeModel, record: KeyRecord) -> _Opinion | None:
    privileges = record.privileges
    if not privileges or not any(template.provider == record.provider for template in model.templates):
        return None
    source = "the set of its privileges"
    fits = model.fits_public(privileges)
    if fits is not None:
        text = f"all of its privileges fit the public template {fits.name}"
        return _Opinion(source, Privacy.PUBLIC, Reason("privileges", text), fits)
    maybe = model.may_fit_public(privileges)
    if maybe is not None:
        unknown = ", ".join(p.name for p in model.uncatalogued(privileges))
        text = f"it would fit the public template {maybe.name}, if {unknown} belongs to that template"
        return _Opinion(source, Privacy.DEPENDS, Reason("privileges-uncatalogued", text))
    text = "its privileges fit no public template"
    return _Opinion(source, Privacy.PRIVATE, Reason("privileges", text))


def _of_rule(case: _Case) -> _Opinion:
    rule = case.rule
    if rule.privacy is not Privacy.DEPENDS:
        text = f"keys of this kind are {rule.privacy.value}"
        if rule.decided_by:
            text += f" (told by {rule.decided_by})"
        return _Opinion("the kind of key", rule.privacy, Reason("rule", text))
    if case.record is not None:
        code, why = "entry-undecided", "its inventory entry does not say which this is"
    else:
        code, why = _NO_ENTRY.get(case.certainty, _NO_ENTRY[Certainty.NO_INVENTORY])
    text = f"public and private keys of this kind look the same, and {why}{_leaning(case.around)}"
    return _Opinion("the kind of key", Privacy.DEPENDS, Reason(code, text))


def _leaning(around: Surroundings) -> str:
    """What the surroundings speak for, in the reason of a key that may be either."""
    if around.public_hints and around.private_hints:
        return "; what is around it speaks for both"
    if around.public_hints:
        return "; what is around it speaks for a public one, which is no proof"
    return "; what is around it speaks for a private one, which is no proof" if around.private_hints else ""


def _contradictions(opinions: list[_Opinion]) -> list[Reason]:
    decided = opinions[0]
    return [
        Reason("contradiction", f"{other.source} says {other.privacy.value}, but {decided.source} decides")
        for other in opinions[1:]
        if other.privacy is not decided.privacy
    ]


def _circumstances(case: _Case) -> list[Reason]:
    notes = []
    record = case.record
    unknown = case.model.uncatalogued(record.privileges) if record and record.privileges else ()
    if unknown:
        names = ", ".join(privilege.name for privilege in unknown[:_MOST_NAMED])
        notes.append(Reason("uncatalogued-privileges", f"not in keylint's catalogue of privileges: {names}"))
    if case.evidence.test_mode:
        notes.append(Reason("test-mode", "a key for tests, which reaches no live data"))
    doubt = _doubt(case)
    return [*notes, doubt] if doubt else notes


def _doubt(case: _Case) -> Reason | None:
    """Why the value may be no working key: that lowers its severity, and never drops it."""
    if case.evidence.checksum_ok is False:
        text = "its checksum does not fit: it may be shortened, invented or redacted"
        return Reason("checksum-mismatch", text)
    if case.rule.lengths and case.size and case.size not in case.rule.lengths:
        known = " or ".join(str(length) for length in case.rule.lengths)
        text = f"it has {case.size} characters where {known} are documented: it is cut, or of a new format"
        return Reason("unusual-length", text)
    return None


def _of_place(case: _Case, privacy: Privacy) -> list[Reason]:
    """What the place says: hints for a key that may be either, and what makes a private one worse."""
    around = case.around
    notes = []
    if privacy is Privacy.DEPENDS:
        if around.public_hints:
            text = f"for a public key speaks: {'; '.join(around.public_hints)}"
            notes.append(Reason("hint-public", text))
        if around.private_hints:
            text = f"for a private key speaks: {'; '.join(around.private_hints)}"
            notes.append(Reason("hint-private", text))
    if around.bundled and privacy is not Privacy.PUBLIC:
        text = f"its variable begins with {around.bundled}, which build tools hand to browsers"
        if privacy is Privacy.PRIVATE:
            notes.append(Reason("private-key-in-bundled-variable", f"{text}: read it on a server only"))
        else:
            notes.append(Reason("bundled-variable", f"{text}: it must be public, which that does not prove"))
    if around.parameter and privacy is Privacy.PRIVATE:
        text = f"it stands in an address ({around.parameter}=), and addresses end up in logs: use a header"
        notes.append(Reason("token-in-url", text))
    return notes


# --- Life


def _death(case: _Case) -> Reason | None:
    """Why the key no longer works, if it is known not to."""
    ends, record = case.evidence.expires_at, case.record
    if ends is not None and ends < case.now:
        return Reason("value-expired", f"by its own content it expired on {ends:%Y-%m-%d}")
    if record is None:
        return None
    if not record.status.alive:
        word = record.status.value
        return Reason(f"status-{word}", f"the inventory lists this key as {word}")
    if record.expires is not None and record.expires < case.now:
        return Reason("status-expired", f"by the inventory it expired on {record.expires:%Y-%m-%d}")
    return None


def _flagged(record: KeyRecord | None) -> Reason | None:
    """Why the inventory itself calls a live key exposed, if it does."""
    if record is None or (record.status is not KeyStatus.EXPOSED and record.exposure is None):
        return None
    text = "the inventory flags this key as exposed, and it still works"
    if record.exposure and record.exposure.deactivation:
        text += f"; it will be deactivated on {record.exposure.deactivation:%Y-%m-%d}"
    return Reason("status-exposed", text)


# --- Power


def _beyond_public(case: _Case, template: Template | None) -> tuple[Template | None, tuple[str, ...]]:
    """The public template that the key exceeds least, and the names of what exceeds it."""
    record, model = case.record, case.model
    if record is None:
        return None, ()
    source = template or model.template(record.template_id)
    privileges = record.privileges or (source.privileges if source else ())
    nearest = model.nearest_public(privileges) if privileges else None
    if nearest is None:
        return None, ()
    public, beyond = nearest
    names = [privilege.name for privilege in beyond]
    if not record.privileges and source is not None:
        known = {grant.console for grant in public.grants}
        names += [g.console for g in source.grants if g.privilege is None and g.console not in known]
    return public, tuple(dict.fromkeys(names))


def _too_much(decided: _Opinion, nearest: Template | None) -> Reason:
    name = nearest.name if nearest else "any public template"
    text = f"it carries more than any public template allows (nearest: {name}); {decided.reason.text}"
    return Reason(decided.reason.code, text)


def _severity(case: _Case, decided: _Opinion) -> Severity:
    """How bad it is that this live key can be read here."""
    step = 1 if case.client else 0
    rating = _rating(case, decided.template)
    by_rule = case.rule.severity.rank + step
    if rating is None:
        rank = 1 + step if decided.privacy is Privacy.PUBLIC else by_rule
    else:
        rank = rating.sensitivity.rank + 1 + step
        if decided.reason.code == "value-private":
            rank = max(rank, by_rule)
    if decided.privacy is Privacy.PRIVATE:
        rank += bool(case.around.bundled and not case.client) + bool(case.around.parameter)
    if case.evidence.test_mode:
        rank -= 2
    if _doubt(case):
        rank -= 1
    severity = Severity.from_rank(rank)
    report = case.record.exposure if case.record else None
    return report.severity if report and report.severity.rank > severity.rank else severity


def _rating(case: _Case, template: Template | None) -> SetRating | None:
    """How sensitive the key's privileges are; None if neither they nor its template are known."""
    record = case.record
    if record is not None and record.privileges:
        return case.model.rate_set(record.privileges)
    found = template or (case.model.template(record.template_id) if record else None)
    return case.model.rate_template(found) if found and found.grants else None
