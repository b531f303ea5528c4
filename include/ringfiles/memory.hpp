// A file system in this process: the third back end, and the test double for programs that use
// ringfiles.
//
//   auto disk = std::make_shared<ringfiles::memory_filesystem>();
//   disk->put("a.log", "one\ntwo\n");
//   ringfiles::engine engine({.backend = ringfiles::backend_kind::memory, .memory = disk});
//
// It is driven by hand and never sleeps: it can fail the n-th call, cut transfers short, and hold
// operations until the test releases them, in any order.
//
// SAFETY: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringfiles {

/// What an operation asks of a back end.
enum class opcode { open, close, read, write, sync, sync_data, truncate, size, job };
inline constexpr std::size_t opcode_count = 9;
const char* to_string(opcode code) noexcept;

class memory_filesystem {
 public:
  /// Creates or replaces a file.
  void put(std::string path, std::string content);
  /// What a file holds now; std::nullopt if there is none.
  std::optional<std::string> get(std::string_view path) const;
  void remove(std::string_view path);

  /// From the `first`-th call of this kind on (1: the next), `count` calls fail with `number`.
  void fail(opcode kind, int number, std::size_t first = 1, std::size_t count = 1);
  /// No read or write moves more than this many bytes at once. 0: no limit.
  void limit_transfers(std::size_t bytes);
  /// Each read or write moves from 1 to `most` bytes, drawn anew for each by this seed.
  void limit_transfers(std::size_t most, std::uint64_t seed);
  /// While true, nothing is served inline: each call goes through submit and a completion.
  void refuse_inline(bool on);
  /// While true, submitted operations stay in flight until released.
  void hold(bool on);
  std::size_t held() const;
  /// Completes the `index`-th held operation (0: the oldest). False if there is none.
  bool release(std::size_t index = 0);
  void release_all();
  /// Calls seen so far, inline or submitted.
  std::size_t calls(opcode kind) const;
  /// Descriptors that are open now.
  std::size_t open_files() const;

  struct inode {
    std::string content;
  };
  /// The engine's side of it; not for users.
  struct server;
  server& serve() noexcept { return *server_; }

  memory_filesystem();
  ~memory_filesystem();
  memory_filesystem(const memory_filesystem&) = delete;
  memory_filesystem& operator=(const memory_filesystem&) = delete;

 private:
  std::unique_ptr<server> server_;
};

}  // namespace ringfiles
