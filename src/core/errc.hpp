#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <system_error>

// Failures that are expected: bad input, something absent, a stale token, a full disk. They travel as values
// (Result<T>); lost invariants and lost storage are exceptions.
namespace sisyphus {

enum class Errc {
  invalid = 1,         // the input breaks a rule; `pointer` says where
  not_found,           // no such job, worker, document, route
  method_not_allowed,  // the route exists, the verb does not
  stale_lease,         // the token is not the current one: nothing was changed
  conflict,            // the operation does not fit the present state
  too_large,           // over a limit of size
  storage_full,        // no room on the journal's file system
  unavailable,         // shutting down or storage lost: outcome unknown
  timeout,             // the deadline passed
  network,             // not reached, reset, closed early
  io,                  // a file operation failed
  tool,                // an external program is missing or answered badly
};

const char* to_string(Errc code);

struct Error {
  Errc code = Errc::invalid;
  std::string detail;   // for people: names the field, the file, the fix
  std::string pointer;  // JSON Pointer (RFC 6901) into the offending document, empty where none applies

  bool operator==(const Error&) const = default;
};

// Makes `result.value()` on an error throw a std::runtime_error that carries the text.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

inline Error invalid(std::string detail, std::string pointer = {}) {
  return {Errc::invalid, std::move(detail), std::move(pointer)};
}
inline Error not_found(std::string detail) {
  return {Errc::not_found, std::move(detail), {}};
}

// "what: No space left on device" as an Errc::io (or storage_full for ENOSPC and EDQUOT) error.
Error io_error(const std::string& what, int error_number);
Error io_error(const std::string& what, const std::error_code& code);

}  // namespace sisyphus
