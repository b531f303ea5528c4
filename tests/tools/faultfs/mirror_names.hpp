// The calls of the mirror that concern names and attributes: look up, make, change, remove.
#pragma once

#include <climits>

#include "control_file.hpp"
#include "mirror.hpp"

namespace faultfs {

inline void reply_entry(fuse_req_t request, fuse_ino_t parent, const std::string& name) {
  fuse_entry_param entry{};
  entry.attr_timeout = options.timeout_s;
  entry.entry_timeout = options.timeout_s;
  const int error = inodes.look_up(parent, name, entry);
  if (error != 0) {
    ::fuse_reply_err(request, error);
  } else if (::fuse_reply_entry(request, &entry) != 0) {
    inodes.forget(entry.ino, 1);  // the caller was killed: the kernel never saw the entry
  }
}

inline void reply_attributes(fuse_req_t request, fuse_ino_t number) {
  struct stat attributes{};
  if (::fstatat(inodes.at(number).fd, "", &attributes, AT_EMPTY_PATH) != 0) {
    ::fuse_reply_err(request, errno);
  } else {
    ::fuse_reply_attr(request, &attributes, options.timeout_s);
  }
}

inline void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  if (parent == FUSE_ROOT_ID && std::string_view(name) == control_name) {
    return reply_control_entry(request);
  }
  dispatch(request, "lookup", inodes.child_path(parent, name),
           [=, name = std::string(name)](const verdict&) { reply_entry(request, parent, name); });
}

inline void on_forget(fuse_req_t request, fuse_ino_t number, std::uint64_t lookups) {
  if (number != control_number) inodes.forget(number, lookups);
  ::fuse_reply_none(request);
}

inline void on_getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
  if (number == control_number) return reply_control_attributes(request);
  // The kernel asks for the root's attributes on the way to the control file, too.
  if (number == FUSE_ROOT_ID) return reply_attributes(request, number);
  dispatch(request, "getattr", inodes.path(number),
           [=](const verdict&) { reply_attributes(request, number); });
}

inline timespec chosen_time(int to_set, int now_flag, int set_flag, const timespec& given) {
  if ((to_set & now_flag) != 0) return {0, UTIME_NOW};
  if ((to_set & set_flag) != 0) return given;
  return {0, UTIME_OMIT};
}

inline int change_attributes(const inode& node, const struct stat& wanted, int to_set) {
  const std::string path = node.proc_path();
  if ((to_set & FUSE_SET_ATTR_MODE) != 0 && ::chmod(path.c_str(), wanted.st_mode) != 0) return -1;
  if ((to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) != 0) {
    const uid_t user = (to_set & FUSE_SET_ATTR_UID) != 0 ? wanted.st_uid : uid_t(-1);
    const gid_t group = (to_set & FUSE_SET_ATTR_GID) != 0 ? wanted.st_gid : gid_t(-1);
    if (::fchownat(node.fd, "", user, group, AT_EMPTY_PATH) != 0) return -1;
  }
  if ((to_set & FUSE_SET_ATTR_SIZE) != 0 && ::truncate(path.c_str(), wanted.st_size) != 0) {
    return -1;
  }
  if ((to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)) == 0) return 0;
  const timespec times[2] = {
      chosen_time(to_set, FUSE_SET_ATTR_ATIME_NOW, FUSE_SET_ATTR_ATIME, wanted.st_atim),
      chosen_time(to_set, FUSE_SET_ATTR_MTIME_NOW, FUSE_SET_ATTR_MTIME, wanted.st_mtim)};
  return ::utimensat(AT_FDCWD, path.c_str(), times, 0);
}

inline void on_setattr(fuse_req_t request, fuse_ino_t number, struct stat* wanted, int to_set,
                       fuse_file_info*) {
  if (number == control_number) return reply_control_attributes(request);
  const char* operation = (to_set & FUSE_SET_ATTR_SIZE) != 0 ? "truncate" : "setattr";
  dispatch(request, operation, inodes.path(number), [=, wanted = *wanted](const verdict&) {
    if (change_attributes(inodes.at(number), wanted, to_set) != 0) {
      ::fuse_reply_err(request, errno);
    } else {
      reply_attributes(request, number);
    }
  });
}

inline void on_readlink(fuse_req_t request, fuse_ino_t number) {
  dispatch(request, "readlink", inodes.path(number), [=](const verdict&) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(inodes.at(number).fd, "", target.data(), target.size() - 1);
    if (size < 0) {
      ::fuse_reply_err(request, errno);
    } else {
      ::fuse_reply_readlink(request, target.c_str());
    }
  });
}

// As root the daemon would own what another user creates.
inline void give_to_caller(const fuse_ctx& caller, int folder, const char* name) {
  if (::geteuid() == 0 && caller.uid != 0) {
    (void)::fchownat(folder, name, caller.uid, caller.gid, AT_SYMLINK_NOFOLLOW);
  }
}

// Makes a name by `make(folder descriptor, name)` and replies what it then is.
template <class Make>
inline void make_name(fuse_req_t request, const char* operation, fuse_ino_t parent,
                      const char* name, const Make& make) {
  dispatch(request, operation, inodes.child_path(parent, name),
           [=, name = std::string(name), caller = *::fuse_req_ctx(request)](const verdict&) {
             const int folder = inodes.at(parent).fd;
             if (make(folder, name.c_str()) != 0) return reply_result(request, -1);
             give_to_caller(caller, folder, name.c_str());
             reply_entry(request, parent, name);
           });
}

inline void on_mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode,
                     dev_t device) {
  make_name(request, "create", parent, name,
            [=](int folder, const char* made) { return ::mknodat(folder, made, mode, device); });
}

inline void on_mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  make_name(request, "mkdir", parent, name,
            [=](int folder, const char* made) { return ::mkdirat(folder, made, mode); });
}

inline void on_symlink(fuse_req_t request, const char* target, fuse_ino_t parent,
                       const char* name) {
  make_name(request, "symlink", parent, name,
            [target = std::string(target)](int folder, const char* made) {
              return ::symlinkat(target.c_str(), folder, made);
            });
}

inline void on_link(fuse_req_t request, fuse_ino_t number, fuse_ino_t parent, const char* name) {
  make_name(request, "link", parent, name, [=](int folder, const char* made) {
    const std::string source = inodes.at(number).proc_path();
    return ::linkat(AT_FDCWD, source.c_str(), folder, made, AT_SYMLINK_FOLLOW);
  });
}

inline void remove_name(fuse_req_t request, const char* operation, fuse_ino_t parent,
                        const char* name, int flags) {
  dispatch(request, operation, inodes.child_path(parent, name),
           [=, name = std::string(name)](const verdict&) {
             reply_result(request, ::unlinkat(inodes.at(parent).fd, name.c_str(), flags));
           });
}

inline void on_unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  remove_name(request, "unlink", parent, name, 0);
}

inline void on_rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
  remove_name(request, "rmdir", parent, name, AT_REMOVEDIR);
}

inline void on_rename(fuse_req_t request, fuse_ino_t parent, const char* name,
                      fuse_ino_t new_parent, const char* new_name, unsigned flags) {
  dispatch(request, "rename", inodes.child_path(parent, name),
           [=, from = std::string(name), to = std::string(new_name)](const verdict&) {
             const int result = ::renameat2(inodes.at(parent).fd, from.c_str(),
                                            inodes.at(new_parent).fd, to.c_str(), flags);
             const int error = result == 0 ? 0 : errno;
             fuse_entry_param moved{};  // looked up to learn the new path for the globs
             if (error == 0 && inodes.look_up(new_parent, to, moved) == 0) {
               inodes.forget(moved.ino, 1);
             }
             ::fuse_reply_err(request, error);
           });
}

}  // namespace faultfs
