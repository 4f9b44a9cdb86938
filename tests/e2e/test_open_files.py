"""A server that was started with few open files allowed makes room for its connections."""

import resource
import unittest

from farm import Farm

REQUEST = b"GET /status/health HTTP/1.1\r\nHost: h\r\n\r\n"


class OpenFiles(unittest.TestCase):
    def server(self, soft, hard, *flags):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return Farm(self).server(*flags, preexec_fn=limit)

    def assert_answers(self, server, count):
        """So many connections at once."""
        connections = [server.connect() for _ in range(count)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.sendall(REQUEST)
        for connection in connections:
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.assertFalse(server.has_logged("accept_failed"))

    def test_the_soft_limit_is_raised_to_what_the_connections_need(self):
        server = self.server(64, 1024, "--max-connections", "300")
        server.wait_log("open_files_limit_raised from=64 to=364$")
        self.assertFalse(server.has_logged("open_files_limit_too_low"))
        self.assert_answers(server, 200)

    def test_a_hard_limit_that_is_too_low_is_a_warning_with_the_number_to_raise(self):
        server = self.server(64, 128)
        server.wait_log("open_files_limit_raised from=64 to=128$")
        server.wait_log("open_files_limit_too_low limit=128 needed=4160: there is room for about 64 connections, "
                        ".*LimitNOFILE=4160")
        self.assert_answers(server, 64)

    def test_a_limit_that_is_high_enough_is_left_alone(self):
        server = self.server(512, 512, "--max-connections", "300")
        self.assertFalse(server.has_logged("open_files_limit"))


if __name__ == "__main__":
    unittest.main()
