"""What was measured: rows of latencies and single figures, each with its goal; table, JSON and chart of them."""

import json
import sys

from bar_chart import bar_chart


def percentile(values, share):
    """The nearest rank; of sorted values."""
    return values[min(len(values) - 1, max(0, -(-len(values) * share // 100) - 1))]


class Report:
    def __init__(self):
        self.part = ""
        self.rows = []

    def latency(self, name, seconds, goal_ms=None):
        """`goal_ms` is for the 99th percentile."""
        values = sorted(1000 * value for value in seconds)
        row = {"part": self.part, "name": name, "count": len(values), "unit": "ms", "goal": goal_ms,
               "p50": percentile(values, 50), "p95": percentile(values, 95), "p99": percentile(values, 99),
               "max": values[-1]}
        row["met"] = None if goal_ms is None else row["p99"] <= goal_ms
        self._add(row)

    def figure(self, name, value, unit="", goal=None):
        """`goal`: the most that it should be."""
        self._add({"part": self.part, "name": name, "value": value, "unit": unit, "goal": goal,
                   "met": None if goal is None else value <= goal})

    def broken(self, text):
        self._add({"part": self.part, "name": "BROKEN: " + text, "value": 1, "unit": "", "goal": 0, "met": False,
                   "broken": True})

    @property
    def is_broken(self):
        return any(row.get("broken") for row in self.rows)

    def _add(self, row):
        self.rows.append(row)
        print("  " + self._line(row), file=sys.stderr, flush=True)

    @staticmethod
    def _line(row):
        goal = "" if row["goal"] is None else f"{'met' if row['met'] else 'NOT MET'}: at most {row['goal']:g}"
        if "p99" in row:
            numbers = "".join(f"{row[name]:9.2f}" for name in ("p50", "p95", "p99", "max"))
            return f"{row['name']:58}{row['count']:7}{numbers} ms  {goal}".rstrip()
        return f"{row['name']:58}{'':7}{row['value']:9,.5g} {row['unit']}  {goal}".rstrip()

    def table(self):
        lines = [f"{'':60}{'count':>7}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}     goal (latencies: of the p99)"]
        for part in dict.fromkeys(row["part"] for row in self.rows):
            lines.append(part)
            lines += ["  " + self._line(row) for row in self.rows if row["part"] == part]
        return "\n".join(lines)

    def write(self, out, machine):
        (out / "live.json").write_text(json.dumps({"machine": machine, "rows": self.rows}, indent=1) + "\n")
        bars = [(f"{row['part']}: {row['name']}", row["p99"] / row["goal"],
                 f"p99 {row['p99']:.1f} ms of {row['goal']:g}", row["met"])
                for row in self.rows if "p99" in row and row["goal"]]
        if bars:
            (out / "live.svg").write_text(bar_chart(bars, label_width=470))
