#include "fs/temporary_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <random>

#include "fs/job_call.hpp"
#include "sys/calls.hpp"

namespace ringfiles::fs {
namespace {

// The first is free but for a writer of the same path that is at it now. So many are taken only
// by somebody who wants it so, or where a file system has no locks and processes are killed.
constexpr int numbered_names = 64;
// Random ones are free. Where even so many are not, the file system is wrong about names or locks.
constexpr int random_names = 16;

// A writer's file may allow its owner nothing but reading.
base::owned_fd open_existing(const std::string& name) {
  constexpr int careful = O_NOFOLLOW | O_NONBLOCK;
  int fd = sys::open_file(name.c_str(), O_WRONLY | careful, 0);
  if (fd == -EACCES) fd = sys::open_file(name.c_str(), O_RDONLY | careful, 0);
  return base::owned_fd(fd < 0 ? -1 : fd);
}

bool is_named(int fd, const std::string& name) {
  sys::file_facts opened, named;
  return sys::facts_of(fd, false, opened) == 0 && sys::facts_at(name.c_str(), named) == 0 &&
         opened.device == named.device && opened.inode == named.inode && S_ISREG(opened.mode);
}

// Who has the lock of a file that still has this name is alone with it: its writer is gone, or
// will find out that it came too late.
void remove_abandoned(const std::string& name) {
  const base::owned_fd found = open_existing(name);
  if (found && sys::try_lock_file(found.get()) == 0 && is_named(found.get(), name))
    sys::unlink_path(name.c_str());
}

/// True unless somebody took the new file for abandoned before it was locked.
bool keep(int fd) {
  if (sys::try_lock_file(fd) == -EWOULDBLOCK) return false;
  sys::file_facts facts;
  require(sys::facts_of(fd, false, facts));
  return facts.links > 0;
}

/// Empty where another writer has this name.
base::owned_fd create(const std::string& name, unsigned permissions) {
  const int fd = sys::open_file(name.c_str(), O_WRONLY | O_CREAT | O_EXCL, permissions);
  if (fd == -EEXIST) return {};
  base::owned_fd made(static_cast<int>(require(fd)));
  try {
    if (keep(made.get())) return made;
  } catch (const job_failure&) {
    sys::unlink_path(name.c_str());
    throw;
  }
  return {};
}

/// A name may have 255 bytes, of which the longest suffix takes 31. Files whose names are cut to
/// the same keep out of each other's way as two writers of one file do.
std::string stem_of(const std::string& path) {
  constexpr std::size_t most_stem_bytes = 224;
  const std::size_t name = path.find_last_of('/') + 1;
  return path.substr(0, std::min(path.size(), name + most_stem_bytes));
}

/// 64 bits that nobody guesses.
std::string random_suffix() {
  std::random_device source;
  return std::to_string((std::uint64_t{source()} << 32) | source());
}

}  // namespace

temporary_file::temporary_file(const std::string& path, unsigned permissions) {
  for (int number = 0; !file_; ++number) {
    if (number == numbered_names + random_names) throw job_failure{EEXIST};
    name_ = stem_of(path) + ".ringfiles-" +
            (number < numbered_names ? std::to_string(number) : random_suffix());
    remove_abandoned(name_);
    file_ = create(name_, permissions);
  }
}

// While the lock is held: afterwards the name may be another writer's.
temporary_file::~temporary_file() {
  if (!name_.empty()) sys::unlink_path(name_.c_str());
}

void temporary_file::replace(const std::string& path) {
  require(sys::rename_path(name_.c_str(), path.c_str()));
  name_.clear();
  require(sys::close_file(file_.release()));
}

}  // namespace ringfiles::fs
