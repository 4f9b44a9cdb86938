#include "actors/process_tree.hpp"

#include "core/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

constexpr int kFieldsBeforeStart = 16;  // between the group (5th) and the start time (22nd)

// Takes the next field, up to a space.
std::string_view next_field(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto field = text.substr(0, text.find(' '));
  text.remove_prefix(field.size());
  return field;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end;
}

// Numbers of all processes: the names in /proc that are numbers.
std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (!directory) return pids;
  pids.reserve(256);
  while (const auto* entry = ::readdir(directory.get())) {
    pid_t pid = 0;
    if (read_number(std::string_view{entry->d_name}, pid)) pids.push_back(pid);
  }
  return pids;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  const auto name_end = text.rfind(')');  // the name is anything; what follows it has no parentheses
  if (name_end == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(name_end + 1);
  ProcessStat stat;
  const auto pid = next_field(text);
  const auto state = next_field(rest);
  const auto parent = next_field(rest);
  const auto group = next_field(rest);
  for (int i = 0; i < kFieldsBeforeStart; ++i) next_field(rest);
  const auto started = next_field(rest);
  if (state.size() != 1 || !read_number(pid, stat.pid) || !read_number(parent, stat.parent) ||
      !read_number(group, stat.group) || !read_number(started, stat.started)) {
    return std::nullopt;
  }
  stat.state = state.front();
  return stat;
}

std::optional<ProcessStat> read_process_stat(pid_t pid) {
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", static_cast<int>(pid));
  const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> text;  // a line has at most 64 bytes of name and 50 numbers, most of them short
  ssize_t size = 0;
  do {
    size = ::read(file.get(), text.data(), text.size());
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return std::nullopt;
  return parse_process_stat({text.data(), static_cast<std::size_t>(size)});
}

std::vector<ProcessStat> descendants_of(pid_t root) {
  std::vector<ProcessStat> others;
  for (const auto pid : all_processes()) {
    const auto stat = read_process_stat(pid);
    if (stat && stat->pid != root) others.push_back(*stat);
  }
  // Generation by generation: the children of `root`, then theirs, are moved to the front.
  auto found = others.begin();
  const auto move_children_of = [&](pid_t parent) {
    found =
        std::partition(found, others.end(), [&](const ProcessStat& stat) { return stat.parent == parent; });
  };
  move_children_of(root);
  for (auto at = others.begin(); at != found; ++at) move_children_of(at->pid);
  others.erase(found, others.end());
  return others;
}

bool signal_descendant(const ProcessStat& process, pid_t root, int signal) {
  // The handle is taken first and the number looked at again after that: if both say the same process, the
  // signal reaches it or nobody. An orphan has moved up to `root` meanwhile.
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!handle) return false;
  const auto now = read_process_stat(process.pid);
  if (!now || now->started != process.started) return false;
  if (now->parent != process.parent && now->parent != root) return false;
  return ::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0;
}

}  // namespace sisyphus::actors
