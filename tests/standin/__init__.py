"""A stand-in for the key APIs: a real HTTP server on loopback, for tests and for `examples/rotation`.

It answers the documented routes of the Coveo key API, of the key-pair API and of Algolia's `GET /1/keys`
with their statuses, their masking and their create-once values. Latency and faults are switches.
`python -m tests.standin --help` runs it by itself.
"""

from tests.standin.algolia import AlgoliaState
from tests.standin.coveo import CoveoState
from tests.standin.faults import Fault, Faults
from tests.standin.keypair import KeyPairState
from tests.standin.server import Seen, StandIn

__all__ = ["AlgoliaState", "CoveoState", "Fault", "Faults", "KeyPairState", "Seen", "StandIn"]
