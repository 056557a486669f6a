"""The whole story of a leaked key, against a stand-in of the Coveo API on this machine.

    python examples/rotation/run.py

Pull the inventory, scan a client bundle, lint the keys, plan a rotation, create the new key, put it in its
place, check that everything works, and deactivate the original. Nothing leaves this machine, and every key is
made when the example runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.standin import StandIn  # noqa: E402 - found by the line above


class Story:
    """One run: a stand-in, a project folder, and the commands that are typed in it."""

    def __init__(self, stand_in: StandIn, folder: Path) -> None:
        self.stand_in = stand_in
        self.folder = folder
        self.place = ["--org", stand_in.coveo.org, "--base-url", stand_in.url]

    def keylint(self, *arguments: str, expect: int) -> None:
        """Run keylint, show what it says, and stop unless its exit status is the expected one."""
        print(f"\n$ keylint {' '.join(arguments)}", flush=True)
        # The token is in the environment: never in the arguments, which other users of a machine can see.
        environment = {**os.environ, "COVEO_ACCESS_TOKEN": self.stand_in.coveo.admin_token, "NO_COLOR": "1"}
        command = [sys.executable, "-m", "keylint", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, check=False)
        if done.returncode != expect:
            raise SystemExit(f"expected exit status {expect}, got {done.returncode}")

    def search(self, key: str) -> bool:
        """Whether a search with this key is answered, as an application would ask."""
        request = urllib.request.Request(
            f"{self.stand_in.url}/rest/search/v2", headers={"Authorization": f"Bearer {key}"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False


def main() -> None:
    """Tell the story."""
    with StandIn() as stand_in, tempfile.TemporaryDirectory() as folder:
        story = Story(stand_in, Path(folder))
        leaked = _set_up(story)
        _find(story)
        _rotate(story, leaked)


def _set_up(story: Story) -> str:
    """An organisation with three keys, and a project that ships one of them to browsers by mistake."""
    coveo = story.stand_in.coveo
    public = coveo.add(
        "AnonymousSearch", displayName="storefront search", description="for the shop front end"
    )
    leaked = coveo.add("AuthenticatedSearch", displayName="token server", description="makes search tokens")
    coveo.add("ViewAllContent", displayName="debugging", lifetimeDuration="P14D")
    dist = story.folder / "dist"
    dist.mkdir()
    (dist / "shop.js").write_text(f'init({{accessToken: "{coveo.values[public["id"]]}"}});\n')
    (dist / "account.js").write_text(f'init({{accessToken: "{coveo.values[leaked["id"]]}"}});\n')
    story.search(coveo.values[leaked["id"]])
    return str(leaked["id"])


def _find(story: Story) -> None:
    say("1. What keys are there?")
    story.keylint("keys", "pull", "coveo", *story.place, "--output", "inventory.json", expect=0)
    say("2. Which of them can browsers read?")
    scan = ("bundle", "dist", "--inventory", "inventory.json")
    story.keylint(*scan, expect=1)
    story.keylint(*scan, "--format", "json", "--output", "report.json", expect=1)
    say("3. What else is wrong with the keys?")
    story.keylint("keys", "list", "inventory.json", "--findings", "report.json", expect=0)
    story.keylint("keys", "lint", "inventory.json", "--findings", "report.json", expect=1)


def _rotate(story: Story, leaked: str) -> None:
    coveo = story.stand_in.coveo
    old = coveo.values[leaked]
    rotate = ("keys", "rotate", leaked, *story.place)
    say("4. What would a rotation do? And what to tell the administrators?")
    known = ("--inventory", "inventory.json", "--findings", "report.json")
    story.keylint(*rotate, *known, expect=0)
    story.keylint("keys", "expose", leaked, *known, expect=0)
    say("5. Create the new key. Its value goes to a file that only its owner can read.")
    story.keylint(*rotate, "--apply", "--to-file", "token-server.key", expect=0)
    say("6. Change the places: the server reads the file, the bundle has no key any more.")
    (story.folder / "dist" / "account.js").write_text('init({accessToken: await fetch("/token")});\n')
    new = (story.folder / "token-server.key").read_text().strip()
    check("the new key works", story.search(new))
    check("the original still works", story.search(old))
    story.keylint("bundle", "dist", "--inventory", "inventory.json", expect=0)
    say("7. Too early: the original was used a moment ago.")
    story.keylint(*rotate, "--finish", expect=3)
    say("8. A day later (shortened here) it has stood still: deactivate it.")
    story.keylint(*rotate, "--finish", "--quiet-hours", "0", expect=0)
    check("the original is refused", not story.search(old))
    check("the new key works", story.search(new))


def say(text: str) -> None:
    """A heading."""
    print(f"\n== {text}", flush=True)


def check(what: str, holds: bool) -> None:
    """Show a fact, and stop if it does not hold."""
    print(f"   {what}: {'yes' if holds else 'NO'}", flush=True)
    if not holds:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
