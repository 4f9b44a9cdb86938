#include "load/dialect.hpp"
#include "load/document.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <iterator>

namespace sisyphus::bench {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

// HTTP/1.1 and JSON, as a worker and a client of ours speak them.
class SisyphusDialect final : public Dialect {
 public:
  explicit SisyphusDialect(std::size_t connection) : worker_(fmt::format("bench-{}", connection)) {}

  void submit(const std::vector<std::string>& documents, std::string& out) override {
    expected_ = 200;
    taking_ = false;
    if (documents.size() == 1) return request("POST", "/queue", documents.front(), out);
    request("POST", "/queue", fmt::format("[{}]", fmt::join(documents, ",")), out);
  }

  void take(std::size_t most, std::string& out) override {
    expected_ = 200;
    taking_ = true;
    request("GET", fmt::format("/queue/poll?worker_id={}&modules=ffmpeg&max={}&wait=5", worker_, most), "",
            out);
  }

  void finish(const std::vector<Taken>& jobs, std::string& out) override {
    taking_ = false;
    if (jobs.size() == 1) {
      expected_ = 204;
      const std::string& handle = jobs.front().handle;
      const std::string_view id = std::string_view(handle).substr(0, handle.find(' '));
      const std::string_view lease = std::string_view(handle).substr(id.size() + 1);
      return request("PATCH", fmt::format("/jobs/{}/completed", id),
                     fmt::format(R"({{"failed":false,"info":{{}},"lease":"{}"}})", lease), out);
    }
    expected_ = 200;
    std::string body = "[";
    for (const Taken& job : jobs) {
      const std::string_view id = std::string_view(job.handle).substr(0, job.handle.find(' '));
      fmt::format_to(std::back_inserter(body),
                     R"({}{{"job_id":"{}","lease":"{}","failed":false,"info":{{}}}})",
                     body.size() == 1 ? "" : ",", id, std::string_view(job.handle).substr(id.size() + 1));
    }
    request("POST", "/jobs/completed", body + "]", out);
  }

  std::optional<Answer> answer(std::string_view in) override {
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.body_limit(64U << 20);
    if (expected_ == 204) parser.skip(true);
    boost::system::error_code code;
    const std::size_t used = parser.put(boost::asio::buffer(in.data(), in.size()), code);
    if (code == http::error::need_more || (!code && !parser.is_done())) return std::nullopt;
    Answer answer;
    answer.used = used;
    const auto& reply = parser.get();
    if (code) {
      answer.error = code.message();
    } else if (static_cast<int>(reply.result_int()) != expected_) {
      answer.error = fmt::format("{}: {}", reply.result_int(), reply.body());
    } else if (taking_) {
      read_jobs(reply.body(), answer);
    } else if (reply.body().find("\"detail\"") != std::string::npos) {
      answer.error = reply.body();
    }
    return answer;
  }

  bool batches() const override { return true; }

 private:
  static void request(std::string_view method, std::string_view target, std::string_view body,
                      std::string& out) {
    fmt::format_to(std::back_inserter(out), "{} {} HTTP/1.1\r\nHost: bench\r\n", method, target);
    if (!body.empty()) {
      fmt::format_to(std::back_inserter(out), "Content-Type: application/json\r\nContent-Length: {}\r\n",
                     body.size());
    }
    out += "\r\n";
    out += body;
  }

  static void read_jobs(const std::string& body, Answer& answer) {
    std::array<unsigned char, 16384> memory;  // NOLINT: the parser writes before it reads
    json::monotonic_resource arena(memory.data(), memory.size());
    const json::value value = json::parse(body, &arena);
    for (const json::value& item : value.at("jobs").as_array()) {
      const auto number = number_in(std::string_view(item.at("job_title").as_string()));
      const json::string& id = item.at("job_id").as_string();
      const json::string& token = item.at("lease").at("token").as_string();
      if (!number) continue;
      answer.jobs.push_back({*number, fmt::format("{} {}", std::string_view(id), std::string_view(token))});
    }
  }

  std::string worker_;
  int expected_ = 200;
  bool taking_ = false;
};

}  // namespace

std::unique_ptr<Dialect> sisyphus_dialect(std::size_t connection) {
  return std::make_unique<SisyphusDialect>(connection);
}

}  // namespace sisyphus::bench
