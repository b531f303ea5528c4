// MOUNT/.faultctl: written, it is the script of the faults; read, their counters.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "mirror.hpp"

namespace faultfs {

inline constexpr fuse_ino_t control_number = 2;  // real numbers are addresses or FUSE_ROOT_ID
inline constexpr std::string_view control_name = ".faultctl";

// The kernel keeps the name and attributes: a call that hangs while it holds the lock of the root
// folder (create, unlink, rename) must not keep anybody from opening this file.
inline constexpr double control_timeout_s = 1e6;

// One opening of the file. A reader gets the text as it was when it read from offset 0.
struct control_handle {
  std::mutex mutex;
  std::string text;
};

inline control_handle* control_of(std::uint64_t handle) {
  return reinterpret_cast<control_handle*>(handle);
}

inline struct stat control_attributes() {
  struct stat attributes{};
  attributes.st_ino = control_number;
  attributes.st_mode = S_IFREG | 0666;
  attributes.st_nlink = 1;
  return attributes;
}

inline void reply_control_entry(fuse_req_t request) {
  fuse_entry_param entry{};
  entry.ino = control_number;
  entry.attr = control_attributes();
  entry.attr_timeout = control_timeout_s;
  entry.entry_timeout = control_timeout_s;
  ::fuse_reply_entry(request, &entry);
}

inline void reply_control_attributes(fuse_req_t request) {
  const struct stat attributes = control_attributes();
  ::fuse_reply_attr(request, &attributes, control_timeout_s);
}

inline void open_control(fuse_req_t request, fuse_file_info info) {
  auto handle = std::make_unique<control_handle>();
  info.fh = reinterpret_cast<std::uint64_t>(handle.get());
  info.direct_io = 1;
  if (::fuse_reply_open(request, &info) == 0) (void)handle.release();
}

inline void close_control(fuse_req_t request, std::uint64_t handle) {
  delete control_of(handle);
  ::fuse_reply_err(request, 0);
}

// The reply comes last, and from memory of this call: whoever gets it may close the control file,
// which another thread then deletes.
inline void read_control(fuse_req_t request, std::size_t size, off_t offset, std::uint64_t handle) {
  std::string part;
  {
    control_handle& control = *control_of(handle);
    const std::lock_guard guard(control.mutex);
    if (offset == 0)
      control.text = rules.report() + "parked=" + std::to_string(parked.count()) + "\n";
    part =
        control.text.substr(std::min(control.text.size(), static_cast<std::size_t>(offset)), size);
  }
  ::fuse_reply_buf(request, part.data(), part.size());
}

inline void write_control(fuse_req_t request, const std::string& script) {
  try {
    const script_effect effect = rules.apply(script);
    if (effect.resume != 0) parked.resume(effect.resume, effect.generation);
    ::fuse_reply_write(request, script.size());
  } catch (const std::invalid_argument& bad) {
    std::fprintf(stderr, "faultfs: %s\n", bad.what());
    ::fuse_reply_err(request, EINVAL);
  }
}

}  // namespace faultfs
