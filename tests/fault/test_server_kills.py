"""The server is killed with -9 at random moments while clients submit, take, finish, fail and cancel jobs."""

import random
import threading
import time
import unittest

import settings
from farm import DEADLINE, Farm
from ledger import Ledger
from load import Canceller, Submitter, Worker


class ServerKills(unittest.TestCase):
    def test_no_promise_is_broken(self):
        settings.say_seed()
        chance = random.Random(settings.SEED)
        farm = Farm(self)
        # Leases that end within the run, all of the history, and small segments, so that kills hit every part.
        flags = ["--lease", "1", "--backoff", "0.1", "--history", "1000000", "--segment", "1", "--max-body", "1"]
        server = farm.server(*flags)
        ledger, ids, stop = Ledger(), [], threading.Event()

        def seed():
            return chance.getrandbits(32)
        clients = [Submitter(server.port, ledger, seed(), stop, ids=ids) for _ in range(2)]
        clients += [Worker(server.port, ledger, seed(), stop, name=f"w{number}") for number in range(3)]
        clients += [Canceller(server.port, ledger, seed(), stop, ids=ids)]
        for client in clients:
            client.start()
        self.addCleanup(stop.set)
        for _ in range(settings.SERVER_KILLS):
            self.wait_for_answers(clients, chance.randrange(120))
            time.sleep(chance.random() * 0.02)  # a random moment is what this test is about
            server.kill()
            server = farm.server(*flags, port=server.port)
        self.wait_for_answers(clients, 100)
        stop.set()
        for client in clients:
            client.join(DEADLINE)
            self.assertIsNone(client.error)
        ledger.compare(self.all_jobs(server))
        print(f"{settings.SERVER_KILLS} kills, {len(ledger.submitted)} submits acknowledged, {ledger.grants} grants, "
              f"{ledger.completions} completions, {ledger.cancels} cancels; " +
              ", ".join(f"{len(found)} {name}" for name, found in ledger.broken().items()), flush=True)
        self.assertEqual(ledger.broken(), {name: [] for name in ledger.broken()})
        for count in (len(ledger.submitted), ledger.grants, ledger.completions, ledger.cancels):
            self.assertGreater(count, 0)
        self.assertEqual(server.stop(), 0)

    def wait_for_answers(self, clients, count):
        """Until that many more requests were answered: the server is up and at work."""
        end = time.monotonic() + DEADLINE
        before = sum(client.answers for client in clients)
        while sum(client.answers for client in clients) - before < count:
            for client in clients:
                if client.error:
                    raise client.error
            self.assertLess(time.monotonic(), end, "the clients get no answers")
            time.sleep(0.001)

    def all_jobs(self, server):
        jobs, cursor = {}, ""
        while cursor is not None:
            page = server.call("GET", f"/jobs?limit=1000{cursor}").json
            jobs |= {job["job_id"]: job for job in page["jobs"]}
            cursor = f"&cursor={page['next_cursor']}" if page.get("next_cursor") else None
        return jobs


if __name__ == "__main__":
    unittest.main()
