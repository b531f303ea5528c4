// What the kernel knows about the mirrored folder: one descriptor for each file it looked up.
//
// An inode keeps an O_PATH descriptor of the backing file, so a file that was renamed or deleted
// while open is still the same file, and a path only for matching the globs of the rules.
//
// SAFETY: all members of inode_table may be called from any thread. An inode stays where it is
// until the kernel has forgotten it.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "fuse.hpp"

namespace faultfs {

struct inode {
  int fd = -1;
  dev_t device = 0;
  ino_t number = 0;
  std::uint64_t lookups = 0;
  std::string path;

  inode() = default;
  inode(const inode&) = delete;
  inode& operator=(const inode&) = delete;
  ~inode() {
    if (fd >= 0) ::close(fd);
  }

  // A path by which the kernel opens or changes the very file that `fd` stands for.
  std::string proc_path() const { return "/proc/self/fd/" + std::to_string(fd); }
};

class inode_table {
 public:
  // ERRORS: false, errno says why.
  bool open_root(const char* folder) {
    root_.fd = ::open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    root_.path = ".";
    return root_.fd >= 0;
  }

  inode& at(fuse_ino_t number) {
    return number == FUSE_ROOT_ID ? root_ : *reinterpret_cast<inode*>(number);
  }

  std::string path(fuse_ino_t number) {
    const std::lock_guard guard(mutex_);
    return at(number).path;
  }

  std::string child_path(fuse_ino_t parent, const std::string& name) {
    const std::string folder = path(parent);
    return folder == "." ? name : folder + "/" + name;
  }

  // Counts one lookup of the kernel. ERRORS: 0 or the errno; `entry` is filled on success.
  int look_up(fuse_ino_t parent, const std::string& name, fuse_entry_param& entry) {
    auto fresh = std::make_unique<inode>();
    fresh->fd = ::openat(at(parent).fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fresh->fd < 0) return errno;
    if (::fstatat(fresh->fd, "", &entry.attr, AT_EMPTY_PATH) != 0) return errno;
    fresh->device = entry.attr.st_dev;
    fresh->number = entry.attr.st_ino;
    fresh->path = child_path(parent, name);
    entry.ino = adopt(std::move(fresh));
    return 0;
  }

  void forget(fuse_ino_t number, std::uint64_t lookups) {
    if (number == FUSE_ROOT_ID) return;
    const std::lock_guard guard(mutex_);
    inode& node = at(number);
    node.lookups -= lookups;
    if (node.lookups == 0) inodes_.erase({node.device, node.number});
  }

 private:
  using key = std::pair<dev_t, ino_t>;

  // The same file under another name is the same inode; the newest name is the one matched.
  fuse_ino_t adopt(std::unique_ptr<inode> fresh) {
    const std::lock_guard guard(mutex_);
    auto& slot = inodes_[key{fresh->device, fresh->number}];
    if (slot) {
      slot->path = std::move(fresh->path);
    } else {
      slot = std::move(fresh);
    }
    ++slot->lookups;
    return reinterpret_cast<fuse_ino_t>(slot.get());
  }

  std::mutex mutex_;
  inode root_;
  std::map<key, std::unique_ptr<inode>> inodes_;
};

}  // namespace faultfs
