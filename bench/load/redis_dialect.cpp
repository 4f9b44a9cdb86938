#include "load/dialect.hpp"
#include "load/document.hpp"

#include <fmt/format.h>

#include <charconv>
#include <initializer_list>
#include <iterator>

namespace sisyphus::bench {
namespace {

// The reliable queue of Redis's manual: LPUSH, LMOVE into a list of what is being done, LREM from there.
// RESP2 (https://redis.io/docs/reference/protocol-spec/), as far as these replies need it.
class RedisDialect final : public Dialect {
 public:
  void submit(const std::vector<std::string>& documents, std::string& out) override {
    fmt::format_to(std::back_inserter(out), "*{}\r\n$5\r\nLPUSH\r\n$5\r\nqueue\r\n", 2 + documents.size());
    for (const std::string& document : documents) bulk(document, out);
  }
  void take(std::size_t, std::string& out) override {
    command({"LMOVE", "queue", "running", "RIGHT", "LEFT"}, out);
  }
  void finish(const std::vector<Taken>& jobs, std::string& out) override {
    command({"LREM", "running", "1", jobs.front().handle}, out);
  }

  std::optional<Answer> answer(std::string_view in) override {
    const std::size_t end = in.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    Answer answer;
    answer.used = end + 2;
    const std::string_view line = in.substr(0, end);
    long length = 0;
    std::from_chars(line.data() + 1, line.data() + line.size(), length);
    if (line.front() == ':' && length > 0) return answer;
    if (line.front() != '$' || length < 0) {
      answer.error = line;
      return answer;
    }
    const auto size = static_cast<std::size_t>(length);
    if (in.size() < answer.used + size + 2) return std::nullopt;
    const std::string_view document = in.substr(answer.used, size);
    answer.used += size + 2;
    if (const auto number = number_in(document)) answer.jobs.push_back({*number, std::string(document)});
    return answer;
  }

  bool batches() const override { return false; }

 private:
  static void bulk(std::string_view text, std::string& out) {
    fmt::format_to(std::back_inserter(out), "${}\r\n", text.size());
    out.append(text).append("\r\n");
  }
  static void command(std::initializer_list<std::string_view> words, std::string& out) {
    fmt::format_to(std::back_inserter(out), "*{}\r\n", words.size());
    for (const std::string_view word : words) bulk(word, out);
  }
};

}  // namespace

std::unique_ptr<Dialect> redis_dialect() {
  return std::make_unique<RedisDialect>();
}

}  // namespace sisyphus::bench
