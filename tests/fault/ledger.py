"""What a server has promised to its clients, written down as they hear it, and what it said that breaks a promise."""

import threading

TERMINAL = ("completed", "failed", "cancelled")


def token_order(token):
    return tuple(int(part) for part in token.split("-"))


class Ledger:
    """Any thread. Nothing is assumed of a request that got no answer."""

    def __init__(self):
        self._lock = threading.Lock()
        self.submitted = set()  # acknowledged
        self.removed = set()
        self.grants = 0
        self.completions = 0
        self.cancels = 0
        self._tokens = set()
        self._newest_token = (0, 0)
        self._completed = {}  # acknowledged as completed: with which info
        self._ends = {}
        self.lost = []
        self.second_ends = []
        self.handed_out_again = []
        self.reused_tokens = []
        self.lost_texts = []

    def submit(self, job_id):
        with self._lock:
            self.submitted.add(job_id)

    def before_poll(self):
        """What a grant that is asked for now must not contradict."""
        with self._lock:
            return self._newest_token, frozenset(self._ends)

    def grant(self, job_id, token, known):
        newest_then, ended_then = known
        with self._lock:
            self.grants += 1
            if token in self._tokens or token_order(token) <= newest_then:
                self.reused_tokens.append((job_id, token))
            self._tokens.add(token)
            self._newest_token = max(self._newest_token, token_order(token))
            if job_id in ended_then:
                self.handed_out_again.append((job_id, token, self._ends[job_id]))

    def completed(self, job_id, info):
        with self._lock:
            self.completions += 1
            self._completed[job_id] = info

    def cancelled(self):
        with self._lock:
            self.cancels += 1

    def end_of(self, job_id):
        """None as long as nobody has seen it: what an answer that is asked for now must not contradict."""
        with self._lock:
            return self._ends.get(job_id)

    def saw(self, job_id, state, known_end):
        with self._lock:
            if state in TERMINAL and self._ends.setdefault(job_id, state) != state:
                self.second_ends.append((job_id, self._ends[job_id], state))
            if state not in TERMINAL and known_end:
                self.second_ends.append((job_id, known_end, state))

    def compare(self, jobs):
        """`jobs`: all that the server has, id to status, when the load is over."""
        for job_id, job in jobs.items():
            self.saw(job_id, job["state"], self.end_of(job_id))
        with self._lock:
            self.lost = sorted(self.submitted - set(jobs))
            for job_id, info in self._completed.items():
                job = jobs.get(job_id, {})
                if job.get("state") not in TERMINAL:
                    self.second_ends.append((job_id, "completed", job.get("state")))
                elif job.get("info", {}) != info:
                    self.lost_texts.append((job_id, info, job.get("info"), job.get("message")))

    def broken(self):
        return {"texts lost": self.lost_texts, "acknowledged submits lost": self.lost, "jobs with two ends": self.second_ends,
                "ended jobs handed out again": self.handed_out_again, "tokens used twice": self.reused_tokens}
