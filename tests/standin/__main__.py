"""Run the stand-in by itself, such as `python -m tests.standin --port 8080 --fault "GET /apikeys 429 2"`."""

from __future__ import annotations

import argparse
import time

from tests.standin import Fault, StandIn


def main() -> None:
    """Serve until interrupted, with a few sample keys of each service."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency-ms", type=int, default=0, help="delay of every answer")
    parser.add_argument("--fault", action="append", default=[], metavar="'METHOD PATH STATUS [TIMES]'")
    options = parser.parse_args()
    with StandIn(port=options.port) as stand_in:
        stand_in.latency_s = options.latency_ms / 1000
        for text in options.fault:
            method, path, status, *times = text.split()
            stand_in.faults.add(
                Fault(method, path, int(status), {"Retry-After": "1"}, times=int(times[0]) if times else 1)
            )
        for template in ("AnonymousSearch", "AuthenticatedSearch"):
            stand_in.coveo.add(template, displayName=f"Sample {template} key")
        stand_in.keypair.create("Sample pair")
        stand_in.algolia.add("search", description="Sample search key")
        print(f"{stand_in.url} organisation {stand_in.coveo.org} token {stand_in.coveo.admin_token}")
        print(f"{stand_in.url} key pairs token {stand_in.keypair.token}")
        algolia = stand_in.algolia
        print(
            f"{stand_in.url} Algolia application {algolia.application} token {algolia.admin_key}", flush=True
        )
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
