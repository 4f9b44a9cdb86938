#include "core/read_file.hpp"

#include <cerrno>
#include <memory>

namespace sisyphus {

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (file == nullptr) return io_error(path, errno);
  return read_to_end(file.get(), path);
}

Result<std::string> read_to_end(std::FILE* file, const std::string& name) {
  std::string text;
  char buffer[1U << 16U];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, count);
  if (std::ferror(file) != 0) return io_error(name, errno);
  return text;
}

}  // namespace sisyphus
