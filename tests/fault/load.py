"""Clients that load a server which comes and goes: each a thread with a connection of its own."""

import http.client
import json
import random
import threading
import time
import uuid

GONE = (OSError, http.client.HTTPException)


class Client(threading.Thread):
    def __init__(self, port, ledger, seed, stop):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.ledger = ledger
        self.answers = 0
        self.error = None
        self._stop_asked = stop
        self._port = port
        self._connection = None

    def run(self):
        try:
            while not self._stop_asked.is_set():
                self.step()
        except Exception as error:  # told by the test, which would else wait for a thread that has gone
            self.error = error
        finally:
            self._close()

    def step(self):
        raise NotImplementedError

    def call(self, method, path, body=None):
        """Status and JSON of the answer; None when there was none, and nobody knows what became of it."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body))
            response = self._connection.getresponse()
            text = response.read()
        except GONE:
            self._close()
            time.sleep(0.002)  # it is down for a moment: others want the processor
            return None
        self.answers += 1
        return response.status, json.loads(text) if text else None

    def until_answered(self, method, path, body=None):
        """Again until there is an answer; None when the load ends first."""
        while not self._stop_asked.is_set():
            answer = self.call(method, path, body)
            if answer is not None and answer[0] != 503:  # 503: it is stopping
                return answer
        return None

    def _close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Submitter(Client):
    """Submits with an idempotency key until it is acknowledged, so that each job is there exactly once."""

    def __init__(self, *arguments, ids):
        super().__init__(*arguments)
        self._ids = ids

    def step(self):
        job = {"job_title": "load", "tasks": [{"module": "teleport", "data": {}}], "max_attempts": 1000,
               "idempotency_key": str(uuid.UUID(int=self.random.getrandbits(128))),
               "priority": self.random.randint(-2, 2)}
        answer = self.until_answered("POST", "/queue", job)
        if answer is None:
            return
        if answer[0] != 200:
            raise AssertionError(f"a submit was refused: {answer}")
        self.ledger.submit(answer[1]["job_id"])
        again = self.until_answered("POST", "/queue", job) if self.random.random() < 0.2 else answer
        if again is not None and again[1]["job_id"] != answer[1]["job_id"]:
            raise AssertionError(f"the same key gave {again[1]} after {answer[1]}")
        self._ids.append(answer[1]["job_id"])


class Worker(Client):
    """Takes jobs and says soon that they are done, or fail, or goes off with them."""

    def __init__(self, *arguments, name):
        super().__init__(*arguments)
        self._name = name

    def step(self):
        known = self.ledger.before_poll()
        answer = self.call("GET", f"/queue/poll?worker_id={self._name}&modules=teleport&wait=1&max=3")
        if answer is None or answer[0] != 200:
            return
        for job in answer[1]["jobs"]:
            token = job["lease"]["token"]
            self.ledger.grant(job["job_id"], token, known)
            if self.random.random() < 0.05:
                continue  # it dies with it
            self.finish(job["job_id"], token)

    def finish(self, job_id, token):
        failed = self.random.random() < 0.1
        info = {"message": "it broke"} if failed else {}
        if self.random.random() < 0.5:
            info["log"] = f"{job_id} " * self.random.randint(1, 500)
        body = {"failed": failed, "lease": token, "info": info}
        answer = self.until_answered("PATCH", f"/jobs/{job_id}/completed", body)
        if answer is None or answer[0] in (404, 409):
            return
        if answer[0] != 204:
            raise AssertionError(f"a completion was answered {answer}")
        self.ledger.completed(job_id, info)
        known_end = self.ledger.end_of(job_id)
        shown = self.until_answered("GET", f"/jobs/{job_id}")
        if shown is not None and shown[0] == 200:
            self.ledger.saw(job_id, shown[1]["state"], known_end)


class Canceller(Client):
    """Cancels a job here and there, and reads others."""

    def __init__(self, *arguments, ids):
        super().__init__(*arguments)
        self._ids = ids

    def step(self):
        if not self._ids:
            time.sleep(0.002)
            return
        job_id = self.random.choice(self._ids[-200:])
        if self.random.random() < 0.1:
            answer = self.until_answered("POST", f"/jobs/{job_id}/cancel", {})
            if answer is not None and answer[0] == 200:
                self.ledger.cancelled()
        known_end = self.ledger.end_of(job_id)
        shown = self.until_answered("GET", f"/jobs/{job_id}")
        if shown is None:
            return
        if shown[0] != 200:
            raise AssertionError(f"job {job_id} was acknowledged and is answered {shown}")
        self.ledger.saw(job_id, shown[1]["state"], known_end)
