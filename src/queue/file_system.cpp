#include "queue/file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sisyphus::queue {
namespace {

namespace fs = std::filesystem;

class RealFile final : public File {
 public:
  RealFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~RealFile() override { ::close(descriptor_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return io_error("cannot write " + path_, errno);
      offset += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return io_error("cannot sync " + path_, errno);
    return {};
  }

 private:
  int descriptor_;
  std::string path_;
};

class RealFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> create(const std::string& path) override {
    return opened(path, O_RDWR | O_CREAT | O_TRUNC, "cannot create ");
  }

  Result<std::unique_ptr<File>> open(const std::string& path) override {
    return opened(path, O_RDWR, "cannot open ");
  }

  Result<std::string> read(const std::string& path) override {
    auto bytes = size(path);
    if (!bytes) return bytes.error();
    std::string text(static_cast<std::size_t>(*bytes), '\0');
    if (auto read = read_at(path, 0, text); !read) return read.error();
    return text;
  }

  Result<std::uint64_t> size(const std::string& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return io_error("cannot read " + path, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> read_at(const std::string& path, std::uint64_t offset, std::string& into) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return io_error("cannot open " + path, errno);
    const RealFile closer(descriptor, path);
    std::size_t filled = 0;
    while (filled < into.size()) {
      const ssize_t got = ::pread(descriptor, into.data() + filled, into.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io_error("cannot read " + path, errno);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    into.resize(filled);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::error_code code;
    std::vector<std::string> names;
    for (fs::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
      names.push_back(at->path().filename().string());
    }
    if (code) return io_error("cannot list " + directory, code);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> make_directory(const std::string& path) override {
    std::error_code code;
    std::vector<fs::path> missing;  // deepest first
    for (fs::path folder = fs::absolute(path); !fs::exists(folder, code) && !code;
         folder = folder.parent_path())
      missing.push_back(folder);
    if (!code) fs::create_directories(path, code);
    if (code) return io_error("cannot create the folder " + path, code);
    for (const fs::path& folder : missing) {  // their names are to survive as well as what will be in them
      if (auto synced = sync_directory(folder.parent_path().string()); !synced) return synced;
    }
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return io_error("cannot rename " + from + " to " + to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return io_error("cannot remove " + path, errno);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return io_error("cannot open the folder " + path, errno);
    const RealFile closer(descriptor, path);
    if (::fsync(descriptor) != 0) return io_error("cannot sync the folder " + path, errno);
    return {};
  }

  Result<std::unique_ptr<File>> lock(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return io_error("cannot create " + path, errno);
    auto file = std::make_unique<RealFile>(descriptor, path);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        return Error{Errc::conflict, path + " is locked: another server uses this folder", {}};
      return io_error("cannot lock " + path, errno);
    }
    return std::unique_ptr<File>(std::move(file));
  }

 private:
  static Result<std::unique_ptr<File>> opened(const std::string& path, int flags, const char* what) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (descriptor < 0) return io_error(what + path, errno);
    return std::unique_ptr<File>(std::make_unique<RealFile>(descriptor, path));
  }
};

}  // namespace

FileSystem& real_file_system() {
  static RealFileSystem files;
  return files;
}

Result<void> write_whole_file(FileSystem& files, const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  auto file = files.create(temporary);
  if (!file) return file.error();
  if (auto written = (*file)->write_at(0, text); !written) return written.error();
  if (auto synced = (*file)->sync(); !synced) return synced.error();
  if (auto renamed = files.rename(temporary, path); !renamed) return renamed.error();
  return files.sync_directory(fs::path(path).parent_path().string());
}

}  // namespace sisyphus::queue
