"""What is safe to print: the frozen types that every layer shares.

Nothing in this module has a field for a whole secret, and it imports nothing of keylint's.
Units: lines and columns are 1-based, columns count UTF-16 code units (what SARIF readers expect) and
the end column is exclusive; byte offsets are 0-based; dates are timezone-aware.
"""

from __future__ import annotations

import datetime as dt
from enum import Enum

from keylint.records import dataclass


class Surface(str, Enum):
    """Who can read the place where a key was found."""

    CLIENT = "client"  # a bundle or page that is served to browsers
    TREE = "tree"  # a working tree
    STAGED = "staged"  # the index: about to be committed
    HISTORY = "history"  # a commit
    STDIN = "stdin"


class VerdictKind(str, Enum):
    """The five verdicts. Their order here is from most to least urgent."""

    EXPOSED = "exposed"
    OVER_PRIVILEGED = "over-privileged"
    UNKNOWN = "unknown"
    RETIRED = "retired"
    ALLOWED = "allowed"

    @property
    def level(self) -> Level:
        """The default SARIF level of this verdict."""
        return _LEVELS[self]


class Level(str, Enum):
    """Report level, as SARIF names them."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for none up to 3 for error."""
        return ("none", "note", "warning", "error").index(self.value)


_LEVELS = {
    VerdictKind.EXPOSED: Level.ERROR,
    VerdictKind.OVER_PRIVILEGED: Level.ERROR,
    VerdictKind.UNKNOWN: Level.WARNING,
    VerdictKind.RETIRED: Level.NOTE,
    VerdictKind.ALLOWED: Level.NONE,
}


class Severity(str, Enum):
    """The key inventory's own scale of exposure severity (Coveo `exposureReport.severity`)."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    WARN = "WARN"

    @property
    def rank(self) -> int:
        """0 for WARN up to 4 for CRITICAL."""
        return ("WARN", "LOW", "MEDIUM", "HIGH", "CRITICAL").index(self.value)

    @classmethod
    def from_rank(cls, rank: int) -> Severity:
        """The severity of a rank, clamped to the scale."""
        return (cls.WARN, cls.LOW, cls.MEDIUM, cls.HIGH, cls.CRITICAL)[max(0, min(4, rank))]


class Privacy(str, Enum):
    """May this key be embedded in client code?"""

    PUBLIC = "public"
    PRIVATE = "private"
    DEPENDS = "depends"


class Sensitivity(str, Enum):
    """What a privilege, or a set of them, puts at risk."""

    PUBLIC_SAFE = "public-safe"
    SENSITIVE = "sensitive"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for public-safe, 2 for critical."""
        return ("public-safe", "sensitive", "critical").index(self.value)


class KeyStatus(str, Enum):
    """What the inventory says about a key's life. UNKNOWN counts as alive."""

    ENABLED = "enabled"
    EXPOSED = "exposed"  # still works, and has been flagged as exposed
    EXPIRED = "expired"
    DISABLED = "disabled"
    REVOKED = "revoked"
    DELETED = "deleted"
    UNKNOWN = "unknown"

    @property
    def alive(self) -> bool:
        """Whether a key in this state may still work."""
        return self in (KeyStatus.ENABLED, KeyStatus.EXPOSED, KeyStatus.UNKNOWN)


class Certainty(str, Enum):
    """How sure it is that a found value is a given inventory entry."""

    EXACT = "exact"  # the full value, or a keyed hash of it, is the same
    SUFFIX = "suffix"  # the only entry whose mask fits
    AMBIGUOUS = "ambiguous"  # several entries' masks fit
    NONE = "none"  # a complete inventory has no such entry
    NONE_PARTIAL = "none-partial"  # no entry fits, but the inventory is partial: absence proves nothing
    NO_INVENTORY = "no-inventory"  # no inventory for this kind of key was given


class SkipReason(str, Enum):
    """Why something that was in reach was not scanned. `incomplete` ones show in the exit status."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    MISSING_OBJECT = "missing-object"
    CORRUPT = "corrupt"
    VANISHED = "vanished"
    BUDGET = "budget"  # a time, match or member limit was reached inside it
    UNMERGED = "unmerged"
    TRUNCATED_HISTORY = "truncated-history"  # shallow or partial clone
    UNSAFE = "unsafe"  # an archive member or path that leaves its container
    SYMLINK = "symlink"  # leads out of the tree; its target is not part of it
    SPECIAL_FILE = "special-file"  # socket, device, pipe
    SUBMODULE = "submodule"
    EXCLUDED = "excluded"  # by the user's configuration

    @property
    def incomplete(self) -> bool:
        """Whether this leaves the scan incomplete (exit status 3 when nothing was found)."""
        return self not in (
            SkipReason.SYMLINK,
            SkipReason.SPECIAL_FILE,
            SkipReason.SUBMODULE,
            SkipReason.EXCLUDED,
        )


@dataclass(frozen=True)
class CommitRef:
    """A commit that holds a key. `author` is already masked unless the user asked otherwise."""

    id: str
    date: dt.datetime
    author: str = ""


@dataclass(frozen=True)
class Origin:
    """Where bytes come from.

    `path` is relative to the root of the scan with forward slashes; bytes that are not UTF-8 are kept as
    surrogate escapes. `container` lists archive members or original sources from the outside in.
    """

    surface: Surface
    path: str
    container: tuple[str, ...] = ()
    commit: CommitRef | None = None

    @property
    def display(self) -> str:
        """Path and containers in one string, such as `app.zip!main.js`. Not yet safe for a terminal."""
        return "!".join((self.path, *self.container))


@dataclass(frozen=True)
class Location:
    """A place of a key. The region is tight: cut from the file it is exactly the key.

    For a binary file line and columns are 1 and `byte_offset` tells the place. `snippet` is one line at
    most, already redacted. `line_hash` is GitHub's primaryLocationLineHash where it could be computed.
    """

    origin: Origin
    line: int
    column: int
    end_line: int
    end_column: int
    byte_offset: int
    snippet: str = ""
    binary: bool = False
    line_hash: str = ""


@dataclass(frozen=True)
class Skipped:
    """Something that was not scanned, or not wholly."""

    path: str
    reason: SkipReason
    detail: str = ""

    @property
    def incomplete(self) -> bool:
        """Whether this leaves the scan incomplete."""
        return self.reason.incomplete


@dataclass(frozen=True)
class Evidence:
    """What the value itself says, read offline.

    `privacy` is set only when the value proves it. `facts` are pairs fit to print (claim names and
    harmless values). `checksum_ok` is None where the kind has no checksum.
    """

    privacy: Privacy | None = None
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    expires_at: dt.datetime | None = None
    checksum_ok: bool | None = None
    test_mode: bool = False


@dataclass(frozen=True)
class Partner:
    """Something harmless that stands with a key and names it, such as its id, its user or its organization.

    `title` is for people, `value` is shown whole. `line` and `column` are 0 where they are not known.
    `rule_id` is "" where no rule of its own knows such values.
    """

    title: str
    value: str
    line: int = 0
    rule_id: str = ""
    column: int = 0
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What stands around a key in one file. Names and neighbours are evidence, never proof.

    `bundled` is a prefix of its variable, such as `VITE_`, that build tools hand to browsers; `parameter` is
    the parameter of an address that the key stands in. The hints are phrases that say what speaks for a
    public and for a private key.
    """

    partners: tuple[Partner, ...] = ()
    bundled: str = ""
    parameter: str = ""
    public_hints: tuple[str, ...] = ()
    private_hints: tuple[str, ...] = ()

    @property
    def organizations(self) -> tuple[str, ...]:
        """The ids of organizations that the file names."""
        return tuple(partner.value for partner in self.partners if partner.title == "organization")


@dataclass(frozen=True)
class Privilege:
    """A privilege as the wire names it. `type` is "" or ENABLE where the console says Allowed."""

    owner: str
    target_domain: str
    type: str = ""
    target_ids: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Owner, domain and type, such as `SEARCH_API/IMPERSONATE` or `PLATFORM/SOURCE/EDIT`."""
        parts = [self.owner, self.target_domain]
        if self.type not in ("", "ENABLE"):
            parts.append(self.type)
        return "/".join(parts)


@dataclass(frozen=True)
class ExposureReport:
    """The inventory's own record that a key was exposed."""

    severity: Severity
    created: dt.datetime | None = None
    deactivation: dt.datetime | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)  # inventories hold 100,000 of them
class KeyRecord:
    """One key of the inventory. No raw value has a field to live in.

    `masks` are the masked forms that the listing shows; `digests` are keyed hashes
    (`hmac-sha256:<hex>`, keyed with the snapshot's salt) of values that were known in full.
    """

    provider: str
    key_id: str
    label: str = ""
    description: str = ""
    organization: str = ""
    masks: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    half: str = ""  # "public" or "private" for a key-pair API: which half the masks and digests describe
    status: KeyStatus = KeyStatus.UNKNOWN
    raw_status: str = ""
    privacy: Privacy | None = None
    template_id: str = ""
    privileges: tuple[Privilege, ...] | None = None  # None: the listing does not say
    environment: str = ""
    owner: str = ""
    created: dt.datetime | None = None
    activated: dt.datetime | None = None
    disabled: dt.datetime | None = None
    expires: dt.datetime | None = None
    last_used: dt.datetime | None = None
    exposure: ExposureReport | None = None
    allowed_ips: tuple[str, ...] = ()
    denied_ips: tuple[str, ...] = ()
    search_hub: str = ""
    catalog_id: str = ""
    allowed_user_ids: tuple[str, ...] = ()  # impersonation restrictions
    editors: tuple[str, ...] = ()  # display names of groupsThatCanEdit
    created_by: str = ""  # personal data: kept only where the user asked for it
    line: int = 0  # line of the entry in the inventory file, 0 if unknown
    unmasked: bool = False  # the listing held the whole value
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Link:
    """Which inventory entries a found value may be."""

    certainty: Certainty
    records: tuple[KeyRecord, ...] = ()
    explanation: str = ""  # one sentence, with the odds where a mask was matched


@dataclass(frozen=True)
class Reason:
    """Why a verdict came out as it did. `code` is stable, `text` is for people."""

    code: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """The answer for one key on one surface."""

    kind: VerdictKind
    level: Level
    severity: Severity
    privacy: Privacy
    reason: Reason  # the deciding one
    notes: tuple[Reason, ...] = ()  # contradictions and circumstances
    template: str = ""  # name of the template that decided or that fits, for people
    excess_privileges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advice:
    """What the key may do and what should happen next, in plain words."""

    can_do: str
    impact: str
    rotation: tuple[str, ...]
    docs: str
    rotation_certain: bool = True  # False: no source was read for these steps, and the text says so
    deactivate_within_days: int | None = None
    settle: str = ""  # for `unknown`: what would settle it


@dataclass(frozen=True)
class KeyInfo:
    """The key that a finding is about."""

    fingerprint: str  # keyed hash of kind and value: the same key has the same one in every file
    rule_id: str
    provider: str
    title: str
    mask: str


@dataclass(frozen=True)
class Suppression:
    """Why a finding is quiet. A suppressed finding is still a finding."""

    kind: str  # inline | config | baseline
    justification: str = ""


@dataclass(frozen=True)
class Finding:
    """One key in one file. The first location is the primary one; there is always one."""

    fingerprint: str
    key: KeyInfo
    verdict: Verdict
    evidence: Evidence
    link: Link
    advice: Advice
    locations: tuple[Location, ...]
    occurrences: int  # may be more than len(locations), which is bounded
    first_seen: CommitRef | None = None
    last_seen: CommitRef | None = None
    in_head: bool | None = None  # None: not a history scan
    branches: tuple[str, ...] = ()  # other branches whose tips still hold the key here, bounded
    branch_count: int = 0  # of all of them
    other_paths: tuple[str, ...] = ()  # the same key in other files, bounded
    in_client: bool = False  # the same key also sits in a client bundle of this run
    suppression: Suppression | None = None
    surroundings: Surroundings = Surroundings()

    def __post_init__(self) -> None:
        if not self.locations:
            raise ValueError("a finding needs a location")


@dataclass(frozen=True)
class Problem:
    """Something to tell about the run itself: an unused allow, a partial inventory, a cut list."""

    code: str
    level: Level
    text: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True)
class Stats:
    """Counts of one run. `seconds` is wall time."""

    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    rules: int = 0
    prefilter: str = ""


@dataclass(frozen=True)
class RuleInfo:
    """The part of a rule that reports need."""

    id: str
    title: str
    description: str
    provider: str
    tags: tuple[str, ...] = ()
    docs: str = ""


@dataclass(frozen=True)
class Repository:
    """Version control facts for reports. The remote has had its user information removed."""

    remote: str = ""
    revision: str = ""
    branch: str = ""


@dataclass(frozen=True)
class Report:
    """Everything that a run found, left out and noticed."""

    command: str  # scan | bundle
    target: str
    findings: tuple[Finding, ...]  # not suppressed; `allowed` ones included
    suppressed: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    rules: tuple[RuleInfo, ...] = ()
    repository: Repository = Repository()
    stats: Stats = Stats()
    version: str = ""
    # Secrets may be whole in `snippet` only if the user asked with --reveal; reports say so.
    revealed: bool = False
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was read."""
        return not self.interrupted and not any(s.incomplete for s in self.skipped)

    def counts(self) -> dict[VerdictKind, int]:
        """How many findings each verdict has."""
        out = dict.fromkeys(VerdictKind, 0)
        for finding in self.findings:
            out[finding.verdict.kind] += 1
        return out

    def failing(self, fail_on: Level) -> int:
        """How many findings are at or above `fail_on`; Level.NONE means never fail."""
        if fail_on is Level.NONE:
            return 0
        return sum(f.verdict.level.rank >= fail_on.rank for f in self.findings)
