#include "core/errc.hpp"

#include <cerrno>
#include <stdexcept>

namespace sisyphus {

const char* to_string(Errc code) {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::not_found:
      return "not found";
    case Errc::method_not_allowed:
      return "method not allowed";
    case Errc::stale_lease:
      return "stale lease";
    case Errc::conflict:
      return "conflict";
    case Errc::too_large:
      return "too large";
    case Errc::storage_full:
      return "storage full";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timeout:
      return "timed out";
    case Errc::network:
      return "network";
    case Errc::io:
      return "input/output";
    case Errc::tool:
      return "tool";
  }
  return "unknown";
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.detail);
}

Error io_error(const std::string& what, int error_number) {
  return io_error(what, std::error_code(error_number, std::generic_category()));
}

Error io_error(const std::string& what, const std::error_code& code) {
  const bool full = code == std::errc::no_space_on_device || code.value() == EDQUOT;
  return {full ? Errc::storage_full : Errc::io, what + ": " + code.message(), {}};
}

}  // namespace sisyphus
