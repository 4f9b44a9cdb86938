"""How much each part does."""

import dataclasses


@dataclasses.dataclass
class Sizes:
    grants: int = 500
    warm_starts: int = 60
    first_looks: int = 20
    cold_starts: int = 10
    cancels: int = 50  # of each kind
    busy_encodes: int = 8
    random_cancels: int = 500
    progress_blocks: int = 150  # of each job, ten a second
    progress_jobs: int = 4
    pairs: int = 10
    pair_seconds: float = 30  # of film, some 5 s of work
    flood_jobs: int = 64
    flood_blocks: int = 2000  # a hundred a second
    crowd: int = 1000  # of subscribers, and of pollers
    crowd_submits: int = 200
    idle_seconds: float = 31  # two rounds of the comments that a stream gets every 15 s
    soak_jobs: int = 100_000
    soak_restarts: int = 20


# For the tests: each part in a few seconds, with all that it checks.
SMOKE = Sizes(grants=10, warm_starts=3, first_looks=2, cold_starts=1, cancels=2, busy_encodes=2, random_cancels=12,
              progress_blocks=10, progress_jobs=2, pairs=1, pair_seconds=1, flood_jobs=8, flood_blocks=100, crowd=40,
              crowd_submits=10, idle_seconds=1, soak_jobs=300, soak_restarts=3)
