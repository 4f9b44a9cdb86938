#include "load/dialect.hpp"
#include "load/document.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace sisyphus::bench {
namespace {

// put, reserve, delete (beanstalkd's doc/protocol.txt).
class BeanstalkdDialect final : public Dialect {
 public:
  void submit(const std::vector<std::string>& documents, std::string& out) override {
    fmt::format_to(std::back_inserter(out), "put 1 0 60 {}\r\n{}\r\n", documents.front().size(),
                   documents.front());
  }
  void take(std::size_t, std::string& out) override { out += "reserve\r\n"; }
  void finish(const std::vector<Taken>& jobs, std::string& out) override {
    fmt::format_to(std::back_inserter(out), "delete {}\r\n", jobs.front().handle);
  }

  std::optional<Answer> answer(std::string_view in) override {
    const std::size_t end = in.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    Answer answer;
    answer.used = end + 2;
    std::string_view line = in.substr(0, end);
    if (line.starts_with("INSERTED ") || line == "DELETED") return answer;
    static constexpr std::string_view kReserved = "RESERVED ";
    if (!line.starts_with(kReserved)) {
      answer.error = line;
      return answer;
    }
    line.remove_prefix(kReserved.size());
    const std::string_view id = line.substr(0, line.find(' '));
    std::size_t size = 0;
    std::from_chars(line.data() + id.size() + 1, line.data() + line.size(), size);
    if (in.size() < answer.used + size + 2) return std::nullopt;
    const auto number = number_in(in.substr(answer.used, size));
    answer.used += size + 2;
    if (number) answer.jobs.push_back({*number, std::string(id)});
    return answer;
  }

  bool batches() const override { return false; }
};

}  // namespace

std::unique_ptr<Dialect> beanstalkd_dialect() {
  return std::make_unique<BeanstalkdDialect>();
}

}  // namespace sisyphus::bench
