// The calls of the mirror that concern the contents of files and folders.
#pragma once

#include <dirent.h>
#include <sys/statvfs.h>

#include <memory>
#include <vector>

#include "control_file.hpp"
#include "mirror.hpp"
#include "mirror_names.hpp"

namespace faultfs {

// ---- files --------------------------------------------------------------------------------

// Flags for the backing file. O_DIRECT would ask for aligned buffers, the kernel has already
// followed links and decided on O_CREAT, and a truncation comes as a call of its own.
inline int backing_flags(int flags) {
  return (flags & ~(O_DIRECT | O_NOFOLLOW | O_CREAT | O_EXCL | O_TRUNC)) | O_CLOEXEC;
}

inline void on_open(fuse_req_t request, fuse_ino_t number, fuse_file_info* given) {
  if (number == control_number) return open_control(request, *given);
  dispatch(request, "open", inodes.path(number), [=, info = *given](const verdict&) {
    fuse_file_info opened = info;
    const int fd = ::open(inodes.at(number).proc_path().c_str(), backing_flags(info.flags));
    if (fd < 0) return reply_result(request, -1);
    opened.fh = static_cast<std::uint64_t>(fd);
    opened.direct_io = options.direct_io ? 1 : 0;
    if (::fuse_reply_open(request, &opened) != 0) ::close(fd);
  });
}

inline void reply_created(fuse_req_t request, fuse_ino_t parent, const std::string& name, int fd,
                          fuse_file_info info) {
  fuse_entry_param entry{};
  entry.attr_timeout = options.timeout_s;
  entry.entry_timeout = options.timeout_s;
  const int error = inodes.look_up(parent, name, entry);
  info.fh = static_cast<std::uint64_t>(fd);
  info.direct_io = options.direct_io ? 1 : 0;
  if (error != 0) {
    ::close(fd);
    ::fuse_reply_err(request, error);
  } else if (::fuse_reply_create(request, &entry, &info) != 0) {
    ::close(fd);  // the caller was killed: nobody will release this file
    inodes.forget(entry.ino, 1);
  }
}

inline void on_create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode,
                      fuse_file_info* given) {
  dispatch(request, "create", inodes.child_path(parent, name),
           [=, name = std::string(name), info = *given,
            caller = *::fuse_req_ctx(request)](const verdict&) {
             const int folder = inodes.at(parent).fd;
             const int flags = backing_flags(info.flags) | O_CREAT | (info.flags & O_EXCL);
             const int fd = ::openat(folder, name.c_str(), flags, mode);
             if (fd < 0) return reply_result(request, -1);
             give_to_caller(caller, folder, name.c_str());
             reply_created(request, parent, name, fd, info);
           });
}

// What `corrupt` means: a bit pattern that no text survives, in one place that a test can find.
inline void damage(std::string& bytes) {
  if (!bytes.empty()) bytes[0] = static_cast<char>(bytes[0] ^ 0x5a);
}

inline void on_read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
                    fuse_file_info* info) {
  if (number == control_number) return read_control(request, size, offset, info->fh);
  dispatch(request, "read", inodes.path(number),
           [=, fd = static_cast<int>(info->fh)](const verdict& judged) {
             std::string bytes(std::min(size, judged.byte_limit), '\0');
             const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), offset);
             if (got < 0) return reply_result(request, -1);
             bytes.resize(static_cast<std::size_t>(got));
             if (judged.corrupt) damage(bytes);
             ::fuse_reply_buf(request, bytes.data(), bytes.size());
           });
}

inline void on_write(fuse_req_t request, fuse_ino_t number, const char* data, std::size_t size,
                     off_t offset, fuse_file_info* info) {
  std::string bytes(data, size);
  if (number == control_number) return write_control(request, bytes);
  dispatch(request, "write", inodes.path(number),
           [=, fd = static_cast<int>(info->fh), bytes = std::move(bytes)](const verdict& judged) {
             std::string accepted = bytes.substr(0, judged.byte_limit);
             if (judged.corrupt) damage(accepted);
             const ssize_t put = ::pwrite(fd, accepted.data(), accepted.size(), offset);
             if (put < 0) return reply_result(request, -1);
             ::fuse_reply_write(request, static_cast<std::size_t>(put));
           });
}

// Called for each close(2) of a descriptor. Closing a copy of the backing descriptor passes on
// what the backing filesystem has to say at that moment.
inline void on_flush(fuse_req_t request, fuse_ino_t number, fuse_file_info* info) {
  if (number == control_number) return void(::fuse_reply_err(request, 0));
  dispatch(request, "flush", inodes.path(number),
           [request, fd = static_cast<int>(info->fh)](const verdict&) {
             reply_result(request, ::close(::dup(fd)));
           });
}

inline void on_fsync(fuse_req_t request, fuse_ino_t number, int data_only, fuse_file_info* info) {
  if (number == control_number) return void(::fuse_reply_err(request, 0));
  dispatch(request, "fsync", inodes.path(number),
           [=, fd = static_cast<int>(info->fh)](const verdict&) {
             reply_result(request, data_only != 0 ? ::fdatasync(fd) : ::fsync(fd));
           });
}

// The descriptor goes at once: the kernel ignores the answer, so a rule must not leak it.
inline void on_release(fuse_req_t request, fuse_ino_t number, fuse_file_info* info) {
  if (number == control_number) return close_control(request, info->fh);
  ::close(static_cast<int>(info->fh));
  dispatch(request, "release", inodes.path(number),
           [request](const verdict&) { ::fuse_reply_err(request, 0); });
}

inline void on_fallocate(fuse_req_t request, fuse_ino_t number, int mode, off_t offset,
                         off_t length, fuse_file_info* info) {
  dispatch(request, "fallocate", inodes.path(number),
           [=, fd = static_cast<int>(info->fh)](const verdict&) {
             reply_result(request, ::fallocate(fd, mode, offset, length));
           });
}

inline void on_statfs(fuse_req_t request, fuse_ino_t number) {
  const fuse_ino_t asked = number == control_number ? FUSE_ROOT_ID : number;
  dispatch(request, "statfs", inodes.path(asked), [=](const verdict&) {
    struct statvfs answer{};
    if (::fstatvfs(inodes.at(asked).fd, &answer) != 0) return reply_result(request, -1);
    ::fuse_reply_statfs(request, &answer);
  });
}

// ---- folders ------------------------------------------------------------------------------

struct folder_entry {
  std::string name;
  struct stat attributes{};
};

// An open folder. The names are read when the kernel starts at offset 0, also after rewinddir.
struct open_folder {
  int fd = -1;
  std::vector<folder_entry> entries;
};

inline open_folder& folder_of(const fuse_file_info& info) {
  return *reinterpret_cast<open_folder*>(info.fh);
}

inline void on_opendir(fuse_req_t request, fuse_ino_t number, fuse_file_info* given) {
  dispatch(request, "opendir", inodes.path(number), [=, info = *given](const verdict&) {
    fuse_file_info opened = info;
    const int fd = ::openat(inodes.at(number).fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return reply_result(request, -1);
    opened.fh = reinterpret_cast<std::uint64_t>(new open_folder{fd, {}});
    if (::fuse_reply_open(request, &opened) == 0) return;
    delete &folder_of(opened);
    ::close(fd);
  });
}

// ERRORS: false, errno says why.
inline bool list(open_folder& folder) {
  folder.entries.clear();
  const int fd = ::openat(folder.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = fd < 0 ? nullptr : ::fdopendir(fd);
  if (stream == nullptr) return false;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): each call of this function has a stream of its own
  while (const dirent* next = ::readdir(stream)) {
    folder_entry entry{next->d_name};
    entry.attributes.st_ino = next->d_ino;
    entry.attributes.st_mode = static_cast<mode_t>(DTTOIF(next->d_type));
    folder.entries.push_back(std::move(entry));
  }
  ::closedir(stream);
  return true;
}

inline void reply_entries(fuse_req_t request, const open_folder& folder, std::size_t size,
                          std::size_t start) {
  std::string packed(size, '\0');
  std::size_t used = 0;
  for (std::size_t index = start; index < folder.entries.size(); ++index) {
    const folder_entry& entry = folder.entries[index];
    const std::size_t needed =
        ::fuse_add_direntry(request, packed.data() + used, size - used, entry.name.c_str(),
                            &entry.attributes, static_cast<off_t>(index + 1));
    if (needed > size - used) break;
    used += needed;
  }
  ::fuse_reply_buf(request, packed.data(), used);
}

inline void on_readdir(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
                       fuse_file_info* given) {
  dispatch(request, "readdir", inodes.path(number), [=, info = *given](const verdict&) {
    open_folder& folder = folder_of(info);
    if (offset == 0 && !list(folder)) return reply_result(request, -1);
    reply_entries(request, folder, size, static_cast<std::size_t>(offset));
  });
}

inline void on_fsyncdir(fuse_req_t request, fuse_ino_t number, int, fuse_file_info* info) {
  dispatch(
      request, "fsyncdir", inodes.path(number),
      [request, fd = folder_of(*info).fd](const verdict&) { reply_result(request, ::fsync(fd)); });
}

inline void on_releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  ::close(folder_of(*info).fd);
  delete &folder_of(*info);
  ::fuse_reply_err(request, 0);
}

}  // namespace faultfs
