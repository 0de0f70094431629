"""Tests of the contracts, compiled by titanoboa.

What titanoboa keeps on disk does not notice that a module has changed, so it is kept by the hash of all sources.
"""

import boa
from contracts.build import source_hash

boa.interpret.set_cache_dir(f"~/.cache/titanoboa/{source_hash()}")
