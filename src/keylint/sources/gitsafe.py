"""How git is called on a repository that may be hostile. Imports nothing but `os`, for the hook's sake.

A repository brings its own `.git/config`, and several settings there name programs. Everything that could
start one of them is overridden on the command line, which has the last word
(https://git-scm.com/docs/git-config#_configuration_file).
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SAFE_CONFIG = (
    "core.fsmonitor=false",  # a program that git asks for changed files
    "core.hooksPath=" + os.devnull,
    "core.pager=cat",
    "core.commitGraph=false",  # a copy of what commits say, which could say something else
    "core.multiPackIndex=false",  # a copy of what the packs' own indexes say
    "core.attributesFile=" + os.devnull,
    "core.untrackedCache=false",  # part of the index: it could claim that there is nothing new
    "core.quotePath=false",
    "core.deltaBaseCacheLimit=16m",  # reading a history is as fast, with half of the memory (measured)
    "diff.external=",
    "diff.ignoreSubmodules=dirty",  # never run git inside a submodule
    "diff.renames=false",
    "diff.relative=false",
    "log.showSignature=false",  # gpg.program
    "log.showRoot=true",
    "log.follow=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
)

# What `git rev-parse --local-env-vars` lists: they tie a process to one repository. Hooks get them from git.
LOCATION = frozenset((
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_DIR",
    "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
))  # fmt: skip

_UNWANTED = frozenset((
    "GIT_ATTR_SOURCE", "GIT_DEFAULT_HASH", "GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF", "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "LANGUAGE",
))  # fmt: skip

_FORCED = {
    "GIT_ALLOW_PROTOCOL": "none",  # git before 2.45 has no GIT_NO_LAZY_FETCH; so a fetch cannot start at all
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # what is pushed is the real object, not its replacement
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


# What the index adds to a tree, which is to follow. Neither attributes nor settings change its output.
STAGED = (
    "diff-index",
    "--cached",
    "--raw",
    "-z",
    "--no-renames",
    "--diff-filter=d",
    "--no-abbrev",
    "--ignore-submodules=dirty",
)


def command(arguments: "Iterable[str]") -> list[str]:
    """The whole command line of a git call; `arguments` start with the subcommand."""
    options = [word for setting in SAFE_CONFIG for word in ("-c", setting)]
    return ["git", "--no-pager", *options, *arguments]


def environment(base: "Mapping[str, str]", *, located: bool) -> dict[str, str]:
    """The environment of a git call.

    `located` keeps the variables that tie git to one repository, as a hook's environment has them.
    """
    kept = {
        name: value
        for name, value in base.items()
        if name not in _UNWANTED and (located or name not in LOCATION)
    }
    kept.update(_FORCED)
    return kept
