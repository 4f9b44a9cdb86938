#pragma once

#include "core/services.hpp"
#include "modules/registry.hpp"

#include <boost/json/array.hpp>

#include <map>
#include <string>
#include <vector>

namespace sisyphus::actors {

// Follows the files through the tasks of one job, to find what no task alone shows: two of them write the
// same file.
class FileFlow {
 public:
  // The problems that the plan of task `index` adds; pointers are of the whole document.
  std::vector<modules::Problem> add(std::size_t index, const modules::Plan& plan);

 private:
  std::map<std::string, std::size_t> writers_;  // path -> task that wrote what is there
};

// What can be said of a job without its files and tools: by the server (`POST /jobs/validate`) and by
// `submit`. A module that is not known here is no problem: a worker may have it.
class JobChecks final : public ValidationService {
 public:
  explicit JobChecks(const modules::Registry& registry) : registry_(registry) {}

  std::vector<Error> check(std::string_view body) const override;

 private:
  // Tasks that are none, or of unknown modules, are passed over.
  void check_tasks(const boost::json::array& tasks, const std::string& prefix,
                   std::vector<Error>& problems) const;

  const modules::Registry& registry_;
};

}  // namespace sisyphus::actors
