#pragma once

#include "core/errc.hpp"
#include "net/http_message.hpp"

#include <string>
#include <string_view>

namespace sisyphus::net {

int http_status(Errc code);  // the one place where a domain error becomes a status

// {"title","status","detail","message","pointer"}: RFC 9457's members and the original's `message`.
HttpResponse problem(int status, std::string_view detail, std::string_view pointer = {});
HttpResponse problem(const Error& error);

}  // namespace sisyphus::net
