#include "tests/support/temp_folder.hpp"

#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace sisyphus {

namespace fs = std::filesystem;

TempFolder::TempFolder(const fs::path& where) {
  std::string name = (where / "sisyphus-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("cannot make a folder in " + where.string());
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code code;  // a folder that stays is no reason to fail the test
  fs::remove_all(path_, code);
}

}  // namespace sisyphus
