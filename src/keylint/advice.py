"""What a key may do, what someone could do with it, and what should happen next, in plain words."""

from __future__ import annotations

from keylint.model import (
    Advice,
    Certainty,
    Evidence,
    KeyRecord,
    Link,
    Privacy,
    Sensitivity,
    Severity,
    Surface,
    Verdict,
    VerdictKind,
)
from keylint.privileges import PrivilegeModel, SetRating, Template
from keylint.rule import Rule

# Coveo documents 2 to 30 days by severity, not which severity gives how many: this mapping is ours.
WINDOW_DAYS = {
    Severity.CRITICAL: 2,
    Severity.HIGH: 7,
    Severity.MEDIUM: 14,
    Severity.LOW: 21,
    Severity.WARN: 30,
}
_MOST_NAMED = 6
_HARM = {
    Sensitivity.CRITICAL: "Whoever finds it can get at restricted content, act as others, or change access.",
    Sensitivity.SENSITIVE: "Whoever finds it can read internal data or change how the service behaves.",
    Sensitivity.PUBLIC_SAFE: "Whoever finds it can do what visitors can, use up quotas and skew statistics.",
}


def advise(  # noqa: PLR0917 - in the order in which a key is judged
    rule: Rule,
    verdict: Verdict,
    link: Link,
    evidence: Evidence,
    surface: Surface,
    model: PrivilegeModel,
) -> Advice:
    """Advice for one key on one surface, fit to print."""
    # Where several entries fit, none of them may be spoken about as if it were the one.
    record = link.records[0] if len(link.records) == 1 else None
    rating = _rating(record, model)
    live = verdict.kind in (VerdictKind.EXPOSED, VerdictKind.OVER_PRIVILEGED)
    return Advice(
        can_do=_can_do(rule, verdict, rating),
        impact=_impact(rule, verdict, evidence, rating),
        rotation=_steps(rule, verdict, record, surface, model),
        docs=rule.docs,
        rotation_certain=rule.rotate_certain or not live,
        deactivate_within_days=WINDOW_DAYS[verdict.severity] if live else None,
        settle=_settle(rule, verdict, link) if verdict.kind is VerdictKind.UNKNOWN else "",
    )


def _rating(record: KeyRecord | None, model: PrivilegeModel) -> SetRating | None:
    if record is None:
        return None
    if record.privileges:
        return model.rate_set(record.privileges)
    template = model.template(record.template_id)
    return model.rate_template(template) if template and template.grants else None


def _can_do(rule: Rule, verdict: Verdict, rating: SetRating | None) -> str:
    if verdict.kind is VerdictKind.RETIRED:
        return "Nothing any more."
    if rating is None:
        return rule.can_do
    things = list(dict.fromkeys(found.can_do for found in rating.ratings))
    more = f"; and {len(things) - _MOST_NAMED} more" if len(things) > _MOST_NAMED else ""
    return f"Whoever holds this key can {'; '.join(things[:_MOST_NAMED])}{more}."


def _impact(rule: Rule, verdict: Verdict, evidence: Evidence, rating: SetRating | None) -> str:
    if verdict.kind is VerdictKind.RETIRED:
        return "None: the key no longer works."
    if evidence.test_mode:
        return f"It is for tests, so live data should be out of its reach. Of a live one: {rule.impact}"
    if rating is None or rating.deciding is None:
        return rule.impact
    return f"{_HARM[rating.sensitivity]} The weightiest: {rating.deciding.can_do}."


def _steps(
    rule: Rule, verdict: Verdict, record: KeyRecord | None, surface: Surface, model: PrivilegeModel
) -> tuple[str, ...]:
    if verdict.kind is VerdictKind.RETIRED:
        return ("Remove it from the places listed. No rotation is needed: it no longer works.",)
    if verdict.kind is VerdictKind.ALLOWED:
        return _keep(record, model)
    if verdict.kind is VerdictKind.UNKNOWN:
        return ("First settle what this key is; if it is private, replace it as below.", *rule.rotate)
    provider = record.provider if record else rule.provider
    if not _of_templates(rule, record) or model.custom(provider) is None:
        steps = rule.rotate
    else:
        steps = _coveo(verdict, record, surface, model)
    if rule.rotate and not rule.rotate_certain and steps is rule.rotate:
        steps = ("These steps are unverified: no documentation was read for them.", *steps)
    return (*steps, _window(verdict.severity))


def _of_templates(rule: Rule, record: KeyRecord | None) -> bool:
    """Whether this is a key that is made from templates, and no token of the same service."""
    return record is not None or "coveo.api_key" in (rule.id, rule.refines)


def _window(severity: Severity) -> str:
    days = WINDOW_DAYS[severity]
    return (
        f"Deactivate the old key within {days} days at the latest. The number is keylint's own choice for "
        f"severity {severity.value}, inside the 2 to 30 days that Coveo documents for exposed keys."
    )


def _keep(record: KeyRecord | None, model: PrivilegeModel) -> tuple[str, ...]:
    """For a public key where it belongs."""
    template = model.template(record.template_id) if record else None
    if template is None and record and record.privileges:
        template = model.fits_public(record.privileges)
    if template is None or record is None:
        return ("Nothing to do.",)
    steps = [
        "Nothing to do. Replace the key from time to time, as the documentation advises for public keys."
    ]
    if template.search_hub == "recommended" and not record.search_hub and not record.catalog_id:
        steps.append("Set a search hub on the key, so that others can use it only for that interface.")
    return tuple(steps)


def _coveo(
    verdict: Verdict, record: KeyRecord | None, surface: Surface, model: PrivilegeModel
) -> tuple[str, ...]:
    """The rotation of a Coveo API key (https://docs.coveo.com/en/1718/)."""
    template = model.template(record.template_id) if record else None
    return (
        _new_key(verdict, record, template, model),
        _switch(verdict, surface),
        'Watch "Last used" of the old key in the list until it stands still; refused calls move it too.',
        "Deactivate the old key yourself: creating from existing neither deactivates it nor sets an end. "
        "It takes a few minutes to stop working.",
        _no_way_back(record, template),
    )


def _new_key(
    verdict: Verdict, record: KeyRecord | None, template: Template | None, model: PrivilegeModel
) -> str:
    if verdict.kind is VerdictKind.OVER_PRIVILEGED and verdict.template:
        return (
            f"Make a new key from the narrower template {verdict.template} instead of copying this one: "
            f"it leaves out {', '.join(verdict.excess_privileges)}."
        )
    if template is not None and not template.create_from_existing:
        return (
            f'Make a new key from the template {template.name}: "Create from existing" does not offer it. '
            "It is needed once, for pairing; if that is done, only deactivate the old key."
        )
    if template is not None or record is None or record.template_id:
        crawling = "" if template else " It does not offer keys of Crawling Module administration."
        return f'Make a new key with "Create from existing"; the original stays active.{crawling}'
    return _new_custom(record, model)


def _new_custom(record: KeyRecord, model: PrivilegeModel) -> str:
    """For a key without a template: is there one that would do?"""
    narrow = model.narrowest(record.privileges or ())
    if narrow is not None and not narrow.custom:
        return f"Make a new key from the template {narrow.name}, which covers what this key may do."
    if narrow is None and record.privileges:
        return (
            "Make new keys from templates, one for each purpose: a key with this mix of privileges cannot be "
            "made today."
        )
    return (
        'Make a new key with "Create from existing", with an expiry date rather than Never; the original '
        "stays active."
    )


def _switch(verdict: Verdict, surface: Surface) -> str:
    if surface is not Surface.CLIENT:
        return "Switch every place listed to the new key, and keep it in a secret store instead of the code."
    if verdict.privacy is Privacy.PUBLIC or verdict.kind is VerdictKind.OVER_PRIVILEGED:
        return "Switch every place listed to the new key; what needs more privileges belongs on a server."
    return (
        "Keep the new key on a server, which can make search tokens for browsers, and take the old one out "
        "of every place listed."
    )


def _no_way_back(record: KeyRecord | None, template: Template | None) -> str:
    if template is not None and template.reactivatable:
        return (
            "A key that a person deactivated can be activated again if something breaks; not so an expired "
            "one, or one that was deactivated as exposed."
        )
    if record is not None and not record.template_id:
        return (
            "This seems to be a Custom key, which cannot be activated again, like expired ones and ones that "
            "were deactivated as exposed."
        )
    return (
        "Custom keys, expired ones and ones that were deactivated as exposed cannot be activated again; "
        "others can."
    )


def _settle(rule: Rule, verdict: Verdict, link: Link) -> str:
    """What would turn `unknown` into an answer: the question about such keys, then where to look."""
    if verdict.reason.code == "privileges-uncatalogued":
        return "Export the organisation's key templates and pass them with --inventory."
    if link.certainty is Certainty.NONE_PARTIAL:
        where = "List the keys again without a filter, for the organisation that this key belongs to."
    elif link.certainty is Certainty.NONE:
        where = (
            "Find out which organisation this key belongs to, and pass the list of its keys with --inventory."
        )
    else:
        where = (
            ""
            if rule.settle
            else f"A list of the keys of {rule.provider or 'this service'}, passed with --inventory."
        )
    return " ".join(part for part in (rule.settle, where) if part)
