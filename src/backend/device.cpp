#include "backend/device.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "base/fork_guard.hpp"
#include "sys/calls.hpp"

namespace ringfiles::backend {
namespace {

// Magic numbers of statfs(2).
constexpr std::array<long, 4> memory_magics{
    0x01021994,                     // tmpfs
    static_cast<long>(0x858458f6),  // ramfs
    static_cast<long>(0x958458f6),  // hugetlbfs
    0x64626720,                     // debugfs
};
constexpr std::array<long, 3> kernel_magics{
    0x9fa0,      // procfs
    0x62656572,  // sysfs
    0x27e0eb,    // cgroup
};
constexpr std::array<long, 10> local_magics{
    0xef53,                         // ext2, ext3, ext4
    0x58465342,                     // XFS
    static_cast<long>(0x9123683e),  // btrfs
    static_cast<long>(0xf2f52010),  // F2FS
    static_cast<long>(0xca451a4e),  // bcachefs
    0x2fc12fc1,                     // ZFS
    0x794c7630,  // overlayfs: what containers run on; its layers are local as a rule
    0x73717368,  // squashfs
    static_cast<long>(0xe0f5e1e2),  // EROFS
    0x4d44,                         // vfat
};

template <std::size_t N>
bool contains(const std::array<long, N>& magics, long magic) noexcept {
  for (long known : magics)
    if (known == magic) return true;
  return false;
}

/// Unknown file systems count as remote: slower, but never wrong.
device_kind classify(long magic) noexcept {
  if (contains(memory_magics, magic)) return device_kind::memory;
  if (contains(kernel_magics, magic)) return device_kind::kernel;
  if (contains(local_magics, magic)) return device_kind::local;
  return device_kind::remote;
}

struct registry {
  std::shared_mutex mutex;
  std::unordered_map<std::uint64_t, std::unique_ptr<device>> devices;
  /// Of files that were opened when fstatfs(2) failed: slower, as remote ones. The next open asks
  /// again, since a moment without memory, say, must not slow the device down for good.
  std::unordered_map<std::uint64_t, std::unique_ptr<device>> unsure;
};

constinit std::atomic<registry*> current_registry{nullptr};
constinit std::atomic<std::uint32_t> registry_generation{0};

// Never destroyed: pool threads may still look things up while the process exits. A forked child
// starts with an empty one: a thread that it does not have may hold the lock for ever.
registry& devices() noexcept {
  registry* found = current_registry.load(std::memory_order_acquire);
  const std::uint32_t now = base::process_generation();
  if (found != nullptr && registry_generation.load(std::memory_order_acquire) == now) return *found;
  auto* fresh = new registry;
  if (current_registry.compare_exchange_strong(found, fresh, std::memory_order_acq_rel)) {
    registry_generation.store(now, std::memory_order_release);
    return *fresh;
  }
  delete fresh;
  return *found;
}

device& fixed_device(device_kind kind) noexcept {
  auto& made = *new device;
  made.kind = kind;
  return made;
}

}  // namespace

const device* known_device(std::uint64_t id) noexcept {
  registry& known = devices();
  std::shared_lock lock(known.mutex);
  const auto found = known.devices.find(id);
  return found == known.devices.end() ? nullptr : found->second.get();
}

const device& learn_device(int fd, std::uint64_t id) noexcept {
  if (const device* known = known_device(id)) return *known;
  long magic = 0;
  const bool told = sys::filesystem_of(fd, magic) == 0;
  registry& all = devices();
  std::unique_lock lock(all.mutex);
  auto& entry = (told ? all.devices : all.unsure)[id];
  if (!entry) {
    entry = std::make_unique<device>();
    entry->id = id;
    entry->kind = told ? classify(magic) : device_kind::remote;
  }
  return *entry;
}

const device& met_device(int fd, std::uint64_t id) noexcept {
  if (const device* known = known_device(id)) return *known;
  {
    registry& all = devices();
    std::shared_lock lock(all.mutex);
    if (const auto met = all.unsure.find(id); met != all.unsure.end()) return *met->second;
  }
  return learn_device(fd, id);
}

const device& stream_device() noexcept {
  static device& instance = fixed_device(device_kind::stream);
  return instance;
}

const device& memory_device() noexcept {
  static device& instance = fixed_device(device_kind::memory);
  return instance;
}

}  // namespace ringfiles::backend
