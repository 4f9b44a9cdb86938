#pragma once

#include "core/services.hpp"
#include "modules/registry.hpp"

#include <boost/json/array.hpp>

#include <map>
#include <string>
#include <vector>

namespace sisyphus::actors {

// Follows the files through the tasks of one job, to find what no task alone shows: two of them write the
// same file, or one reads what another has taken away.
class FileFlow {
 public:
  // The problems that the plan of task `index` adds; pointers are of the whole document.
  std::vector<modules::Problem> add(std::size_t index, const modules::Plan& plan);

 private:
  using Problems = std::vector<modules::Problem>;
  void read(std::size_t index, const std::string& path, Problems& problems);
  void write(std::size_t index, const std::string& path, Problems& problems);
  void change(std::size_t index, const modules::FileOperation& operation, Problems& problems);

  struct Written {
    std::size_t task = 0;
    bool read = false;  // by a later task
  };
  // By normal path.
  std::map<std::string, Written> written_;
  std::map<std::string, std::size_t> gone_;  // the task that deleted it or moved it away
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
