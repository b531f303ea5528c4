// io_uring for what it does well (cold reads, many at once, syncs), the pool for the rest.
//
// Which is which was measured (docs/design): a buffered write to ext4 through a ring goes to a
// kernel worker and costs 33–57 µs against 0.46 µs for pwrite; large cached copies would all run on
// the loop's thread; metadata gains nothing. What the ring refuses falls back to the pool, and a
// refusal by a device is remembered.
#pragma once

#include <atomic>
#include <memory>

#include "backend/backend.hpp"
#include "backend/threads/threads_backend.hpp"
#include "backend/uring/ring.hpp"
#include "base/optional_mutex.hpp"

namespace ringfiles::backend {

class uring_backend final : public backend {
 public:
  /// A read of cached pages is copied inside io_uring_enter, on the loop's thread: 256 KiB take
  /// about 30 µs. Larger ones go to the pool.
  static constexpr std::size_t max_ring_read_bytes = 256 * 1024;

  uring_backend(std::shared_ptr<wake_up> wake, bool concurrent)
      : wake_(wake), pool_(std::move(wake)), concurrent_(concurrent), mutex_(concurrent) {}
  ~uring_backend() override;

  backend_kind kind() const noexcept override { return backend_kind::uring; }
  std::int64_t try_inline(request& wanted) noexcept override { return pool_.try_inline(wanted); }
  void submit(request& wanted) noexcept override;
  bool submit_behind(request& first, request& wanted) noexcept override {
    return !prefers_ring(wanted) && pool_.submit_behind(first, wanted);
  }
  void flush() noexcept override;
  void cancel(request& wanted) noexcept override;
  void reap(request_queue& ended) noexcept override;
  void abandon_in_flight() noexcept override;
  void serve_blocking(request& wanted) noexcept override { pool_.serve_blocking(wanted); }
  void add_to(statistics& stats) const noexcept override;

 private:
  bool prefers_ring(const request& wanted) const noexcept;
  bool ensure_ring() noexcept;
  io_uring_sqe* next_entry() noexcept;
  bool enqueue(request& wanted) noexcept;
  void send() noexcept;
  bool settle(request& wanted, int answer) noexcept;
  void fall_back(request& wanted) noexcept;
  void reap_ring(request_queue& ended) noexcept;

  std::shared_ptr<wake_up> wake_;
  threads_backend pool_;
  const bool concurrent_;
  base::optional_mutex mutex_;
  // A ring of its own is made on the first cold operation: an engine that is served from the cache
  // never needs one.
  std::unique_ptr<ring> ring_ = std::make_unique<ring>();
  bool refused_ = false;
  std::size_t in_flight_ = 0;
  std::atomic<std::uint64_t> submits_{0};
  std::atomic<std::uint64_t> fallbacks_{0};
};

}  // namespace ringfiles::backend
