"""Which job a real worker gets when its resources are short."""

import unittest

from farm import Farm, clip, endless_task, job_of


class LargeJobAmongSmallOnes(unittest.TestCase):
    def test_gets_its_turn_and_jobs_that_leave_it_enough_run_meanwhile(self):
        farm = Farm(self)
        server = farm.server("--reserve-after", "0")
        with server.events() as events:
            farm.worker(server.url, "--slots", "4", "--resource", "gpu=2")
            events.wait(lambda event: event.type == "worker" and event.data["online"], "the worker is known")

        def submit(gpus, name):
            needs = {"requires": {"resources": {"gpu": gpus}}} if gpus else {}
            return server.submit(job_of(endless_task(clip(), farm.path(f"{name}.mkv")), title=name, **needs))

        def cancel(job_id):
            self.assertEqual(server.call("POST", f"/jobs/{job_id}/cancel").status, 200)
            server.wait_state(job_id, "cancelled")

        running = [submit(1, "small 1"), submit(1, "small 2")]
        for job_id in running:
            server.wait_state(job_id, "running")
        large = submit(2, "large")
        self.assertEqual(server.job(large)["waiting_for"],
                         "gpu=2 to be free: in use at every worker that could run it")
        late = submit(1, "small 3")
        cancel(running[0])
        plain = submit(0, "plain")
        server.wait_state(plain, "running")  # and a card is free
        self.assertEqual([server.job(job_id)["state"] for job_id in (large, late)], ["queued", "queued"])
        cancel(running[1])
        server.wait_state(large, "running")
        self.assertEqual(server.job(late)["state"], "queued")
        cancel(large)
        server.wait_state(late, "running")
        cancel(late)
        cancel(plain)


if __name__ == "__main__":
    unittest.main()
