#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"
#include "core/job.hpp"
#include "net/http_message.hpp"

#include <string_view>
#include <vector>

// Readers for what a request's path and query hold; each failure names the parameter.
namespace sisyphus::net {

Result<JobId> job_id_param(
    const HttpRequest& request);  // the first open segment; Errc::not_found when it is no UUID
Result<std::size_t> count_parameter(const HttpRequest& request, std::string_view name, std::size_t least,
                                    std::size_t most, std::size_t otherwise);
Result<double> seconds_parameter(const HttpRequest& request, std::string_view name, double most);
std::vector<std::string> comma_list(std::string_view text);
Result<std::map<std::string, double>> resources_of(std::string_view text);  // "gpu=1,ram=2"

}  // namespace sisyphus::net
