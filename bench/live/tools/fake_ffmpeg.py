"""fake_ffmpeg BLOCKS PERIOD [FFMPEG'S OWN ARGUMENTS…]: so many blocks of progress, one each PERIOD seconds on average,
and an output of one line. `out_time_us` is CLOCK_MONOTONIC when the block is written, so that whoever reads it at the
other end of the house can tell how long it was on its way."""

import random
import sys
import time

JITTER = 0.2  # of the period: else the blocks keep step with whoever passes them on


def main():
    blocks, period, output = int(sys.argv[1]), float(sys.argv[2]), sys.argv[-1].removeprefix("file:")
    due = time.monotonic()
    for number in range(1, blocks + 1):
        due += period * random.uniform(1 - JITTER, 1 + JITTER)
        time.sleep(max(0.0, due - time.monotonic()))
        word = "end" if number == blocks else "continue"
        sys.stdout.write(f"frame={number}\nout_time_us={time.monotonic_ns() // 1000}\nprogress={word}\n")
        sys.stdout.flush()
    with open(output, "w", encoding="utf-8") as file:
        file.write("not a film\n")


main()
