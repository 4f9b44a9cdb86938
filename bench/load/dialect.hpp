#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// How a queue is spoken to over one connection. Pure text: it appends requests and reads replies; who sends
// and receives is load/phase.cpp. One object for each connection; one request is outstanding at a time.
namespace sisyphus::bench {

// A job that was handed out: which of ours it is, and what the queue wants to hear when it is done.
struct Taken {
  std::uint64_t number = 0;
  std::string handle;
};

// The whole reply to the last request.
struct Answer {
  std::size_t used = 0;     // bytes of the input
  std::vector<Taken> jobs;  // of take()
  std::string error;        // empty: it is what was hoped for
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  // Each appends one request to `out`. The documents bear their numbers (load/document.hpp).
  virtual void submit(const std::vector<std::string>& documents, std::string& out) = 0;
  virtual void take(std::size_t most, std::string& out) = 0;
  virtual void finish(const std::vector<Taken>& jobs, std::string& out) = 0;
  // The reply at the front of `in`, or nothing while it is not whole.
  virtual std::optional<Answer> answer(std::string_view in) = 0;
  virtual bool batches() const = 0;  // whether a request may carry several jobs
};

std::unique_ptr<Dialect> sisyphus_dialect(std::size_t connection);
std::unique_ptr<Dialect> redis_dialect();
std::unique_ptr<Dialect> beanstalkd_dialect();

}  // namespace sisyphus::bench
