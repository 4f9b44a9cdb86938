#pragma once

#include "actors/job_planner.hpp"

#include <asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <optional>
#include <string>

namespace sisyphus::actors {

// Of a server that has none.
class NoOptionSets final : public OptionSets {
 public:
  asio::awaitable<Result<std::optional<boost::json::object>>> fetch(std::string, std::string) override {
    co_return std::optional<boost::json::object>();
  }
};

}  // namespace sisyphus::actors
