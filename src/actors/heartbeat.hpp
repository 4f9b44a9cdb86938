#pragma once

#include "actors/log_sender.hpp"
#include "actors/worker_board.hpp"

#include <asio/awaitable.hpp>

namespace sisyphus::actors {

// Tells the server every few seconds that the worker lives and what it runs, which renews its leases, and
// hears in the reply which jobs are to stop. Both run until they are cancelled.
asio::awaitable<void> run_heartbeat(WorkerBoard& board);  // `board` outlives the worker's tasks

// Sends what changed since it was sent last in the progress of the jobs, when no other of these is under way:
// a value that a newer one overtakes would be the last that is seen. Returns when the server has it, or
// cannot be reached; false when nothing had changed.
asio::awaitable<bool> send_progress(WorkerBoard& board);

// The same whenever something changes, at most 25 times a second.
asio::awaitable<void> run_progress(asio::any_io_executor executor, WorkerBoard& board);

// Holds the control stream open and hands its orders to the runners and to `logs`.
asio::awaitable<void> run_control(asio::any_io_executor executor, WorkerBoard& board, LogSender& logs);

}  // namespace sisyphus::actors
