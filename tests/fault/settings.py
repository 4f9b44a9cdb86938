"""How much a run of these tests does: little within all tests, much in ./dev fault."""

import os
import random

SERVER_KILLS = int(os.environ.get("SISYPHUS_FAULT_SERVER_KILLS", "15"))
WORKER_KILLS = int(os.environ.get("SISYPHUS_FAULT_WORKER_KILLS", "2"))
SEED = int(os.environ.get("SISYPHUS_FAULT_SEED") or random.SystemRandom().getrandbits(32))


def say_seed():
    print(f"seed {SEED}; again with SISYPHUS_FAULT_SEED={SEED}", flush=True)
