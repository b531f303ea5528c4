// What is known of the file system that a descriptor lives on: learnt once per device, by doing.
//
// The ladder asks here: may a plain call wait on this device? does it take RWF_NOWAIT? Refusals
// (EOPNOTSUPP, EINVAL) are remembered per device and operation, so that they cost one call ever.
//
// SAFETY: any thread; entries live as long as the process.
#pragma once

#include <atomic>
#include <cstdint>

namespace ringfiles::backend {

enum class device_kind : std::uint8_t {
  local,   ///< a disk file system of this machine: ext4, XFS, btrfs …
  memory,  ///< tmpfs, ramfs, hugetlbfs: cannot wait for anything
  kernel,  ///< procfs, sysfs: made up as it is read; may take locks, never a disk
  remote,  ///< network and FUSE: any call may wait for somebody else, for ever
  stream,  ///< pipes, terminals, sockets, character devices: wait by polling
};

struct device {
  std::uint64_t id = 0;
  device_kind kind = device_kind::local;
  /// Cleared when the device answers that it does not know the flag or the operation.
  mutable std::atomic<bool> nowait_reads{true};
  mutable std::atomic<bool> nowait_writes{true};
  mutable std::atomic<bool> ring_reads{true};
  mutable std::atomic<bool> ring_writes{true};
  mutable std::atomic<bool> ring_syncs{true};

  /// An inline system call on it may be tried: it either cannot wait or can say so.
  bool inline_reads() const noexcept {
    return kind == device_kind::memory ||
           (kind == device_kind::local && nowait_reads.load(std::memory_order_relaxed));
  }
  bool inline_writes() const noexcept {
    return kind == device_kind::memory ||
           (kind == device_kind::local && nowait_writes.load(std::memory_order_relaxed));
  }
};

/// The entry of a device that was met before, or null. Never waits.
const device* known_device(std::uint64_t id) noexcept;
/// The entry for the device of an open descriptor, made on first sight: fstatfs(2), which may wait.
/// If that fails the device counts as remote for this file, and is asked again for the next one.
const device& learn_device(int fd, std::uint64_t id) noexcept;
/// The same for a descriptor whose device was learnt a moment ago: asks nobody.
const device& met_device(int fd, std::uint64_t id) noexcept;
/// Everything that is no regular file: pipes, terminals, sockets.
const device& stream_device() noexcept;
/// Files of the memory back end.
const device& memory_device() noexcept;

}  // namespace ringfiles::backend
