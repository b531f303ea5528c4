// The memory file system from the engine's side: inodes, descriptors, scripted faults.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "backend/backend.hpp"
#include "ringfiles/memory.hpp"

namespace ringfiles {

struct memory_filesystem::server {
  struct fault {
    opcode kind;
    int number;
    std::size_t first;  ///< counted down; 1: the next call
    std::size_t count;
  };
  struct descriptor {
    std::shared_ptr<inode> file;
    int flags = 0;
  };
  struct held_request {
    backend::request* wanted;
    backend::request_queue* ended;
    std::shared_ptr<backend::wake_up> wake;
  };

  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<inode>, std::less<>> files;
  std::map<int, descriptor> descriptors;
  int next_descriptor = 1'000'000;  ///< far from the kernel's, so that a mix-up shows
  std::vector<fault> faults;
  std::array<std::size_t, opcode_count> calls{};
  std::size_t transfer_limit = 0;  ///< 0: none
  bool limits_vary = false;        ///< from 1 to that
  std::mt19937_64 limits;
  bool no_inline = false;
  bool holding = false;
  std::vector<held_request> held;

  /// Serves one request; REQUIRES: mutex held.
  std::int64_t serve(backend::request& wanted);
  /// The same for an attempt that must not wait: EAGAIN leaves everything as it was.
  std::int64_t try_serve(backend::request& wanted);
  void serve_whole(backend::request& wanted);  ///< to its end; REQUIRES: mutex held
  void finish(held_request item);  ///< serves to the end and hands back; REQUIRES: mutex held

 private:
  int injected(opcode kind);
  int next_fault(opcode kind) const;
  std::int64_t open(backend::request& wanted);
  std::int64_t transfer(const descriptor& file, backend::request& wanted);
  std::size_t next_limit();
  static std::int64_t read(const inode& file, const backend::request& wanted, std::size_t limit);
  static std::int64_t write(inode& file, const descriptor& opened, const backend::request& wanted,
                            std::size_t limit);
};

}  // namespace ringfiles

namespace ringfiles::backend {

class memory_backend final : public backend {
 public:
  memory_backend(std::shared_ptr<wake_up> wake, std::shared_ptr<memory_filesystem> disk);
  ~memory_backend() override;

  backend_kind kind() const noexcept override { return backend_kind::memory; }
  std::int64_t try_inline(request& wanted) noexcept override;
  void submit(request& wanted) noexcept override;
  void cancel(request& wanted) noexcept override;
  void reap(request_queue& ended) noexcept override;
  void abandon_in_flight() noexcept override;
  void serve_blocking(request& wanted) noexcept override;
  void add_to(statistics&) const noexcept override {}

 private:
  std::shared_ptr<wake_up> wake_;
  std::shared_ptr<memory_filesystem> disk_;
  std::unique_ptr<backend> jobs_;  ///< work of offload() still needs threads
  request_queue ended_;
};

}  // namespace ringfiles::backend
