#include "tests/modules/support.hpp"

#include "core/parse_json.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace sisyphus::modules {

void PrintTo(const Problem& problem, std::ostream* out) {
  *out << (problem.kind == Problem::Kind::document ? "document " : "environment ") << '"' << problem.pointer
       << "\": " << problem.message;
}

}  // namespace sisyphus::modules

namespace sisyphus::testing {

namespace fs = std::filesystem;

fs::path source_folder() {
  const char* folder = std::getenv("SISYPHUS_SOURCE_DIR");
  return folder != nullptr ? fs::path(folder) : fs::path(__FILE__).parent_path().parent_path().parent_path();
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

boost::json::value parsed(std::string_view text) {
  return parse_json(text).value();
}

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

}  // namespace sisyphus::testing
