#include "backend/uring/uring_backend.hpp"

#include <array>
#include <cerrno>
#include <mutex>
#include <utility>

#include "backend/device.hpp"
#include "backend/parts.hpp"
#include "sys/calls.hpp"

namespace ringfiles::backend {

uring_backend::~uring_backend() {
  // Buffers of requests in flight are still written to after a ring was closed (measured: 39 of 40
  // runs on 6.18), so the ring and what it refers to stay.
  if (in_flight_ > 0) abandon_in_flight();
}

void uring_backend::abandon_in_flight() noexcept {
  ring::keep_for_ever(std::move(ring_));
  ring_ = std::make_unique<ring>();
  refused_ = true;
  in_flight_ = 0;
}

bool uring_backend::prefers_ring(const request& wanted) const noexcept {
  if (refused_ || wanted.on == nullptr || wanted.on->kind != device_kind::local) return false;
  switch (wanted.code) {
    case opcode::read:
      return wanted.part_count == 1 && wanted.size - wanted.moved <= max_ring_read_bytes &&
             wanted.on->ring_reads.load(std::memory_order_relaxed);
    case opcode::sync:
    case opcode::sync_data:
      return wanted.on->ring_syncs.load(std::memory_order_relaxed);
    default:
      return false;
  }
}

bool uring_backend::ensure_ring() noexcept {
  if (ring_->is_open()) return true;
  const char* step = nullptr;
  if (ring_->open(wake_->fd(), !concurrent_, step) == 0) return true;
  ring_ = std::make_unique<ring>();
  refused_ = true;  // probed well at first, but descriptors or memory ran out since
  return false;
}

io_uring_sqe* uring_backend::next_entry() noexcept {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_->raw());
  if (entry != nullptr) return entry;
  send();
  return io_uring_get_sqe(&ring_->raw());
}

bool uring_backend::enqueue(request& wanted) noexcept {
  if (!ensure_ring()) return false;
  io_uring_sqe* entry = next_entry();
  if (entry == nullptr) return false;  // the kernel takes no more now
  if (wanted.code == opcode::read) {
    const auto left = static_cast<unsigned>(wanted.size - wanted.moved);
    auto* into = static_cast<char*>(wanted.parts[0].iov_base) + wanted.moved;
    io_uring_prep_read(entry, wanted.fd, into, left, wanted.offset + wanted.moved);
  } else {
    io_uring_prep_fsync(entry, wanted.fd,
                        wanted.code == opcode::sync_data ? IORING_FSYNC_DATASYNC : 0);
  }
  io_uring_sqe_set_data(entry, &wanted);
  if (sys::table.ring_entry != nullptr) sys::table.ring_entry(entry);
  wanted.served = rung::ring;
  ++in_flight_;
  return true;
}

void uring_backend::submit(request& wanted) noexcept {
  if (prefers_ring(wanted)) {
    std::lock_guard lock(mutex_);
    if (enqueue(wanted)) return;
  }
  pool_.submit(wanted);
}

// After EAGAIN, EBUSY or EINTR the entries are still queued (measured): nothing has failed, they go
// out with the next submit. The wake-up makes sure that there is a next turn.
void uring_backend::send() noexcept {
  if (!ring_->is_open() || io_uring_sq_ready(&ring_->raw()) == 0) return;
  submits_.fetch_add(1, std::memory_order_relaxed);
  if (io_uring_submit(&ring_->raw()) < 0 || io_uring_sq_ready(&ring_->raw()) > 0) wake_->signal();
}

void uring_backend::flush() noexcept {
  std::lock_guard lock(mutex_);
  send();
}

void uring_backend::cancel(request& wanted) noexcept {
  wanted.cancel_asked.store(true, std::memory_order_relaxed);
  if (wanted.served != rung::ring) return pool_.cancel(wanted);
  std::lock_guard lock(mutex_);
  io_uring_sqe* entry = next_entry();
  if (entry == nullptr) return;  // best effort: the request ends by itself
  io_uring_prep_cancel(entry, &wanted, 0);
  io_uring_sqe_set_data(entry, nullptr);
  send();
}

void uring_backend::fall_back(request& wanted) noexcept {
  fallbacks_.fetch_add(1, std::memory_order_relaxed);
  pool_.submit(wanted);
}

/// True: the request has ended. False: it is on its way again, through the ring or the pool.
bool uring_backend::settle(request& wanted, int answer) noexcept {
  const bool is_read = wanted.code == opcode::read;
  const bool asked = wanted.cancel_asked.load(std::memory_order_relaxed);
  if (answer == -EOPNOTSUPP || answer == -EINVAL) {
    // EOPNOTSUPP is the device's answer and holds for all; EINVAL may be about this one request.
    if (answer == -EOPNOTSUPP)
      (is_read ? wanted.on->ring_reads : wanted.on->ring_syncs)
          .store(false, std::memory_order_relaxed);
    return fall_back(wanted), false;
  }
  // Nobody asked for it: no kernel worker could be had (RLIMIT_NPROC), or the submitting thread
  // has ended. A read that it was to go on with then answers EFAULT (io_req_task_submit, 6.18).
  if ((answer == -ECANCELED || answer == -EFAULT) && !asked) return fall_back(wanted), false;
  if (is_read && !asked && (answer == -EAGAIN || answer == -EINTR)) return fall_back(wanted), false;
  if (!is_read) {
    wanted.result = answer;
    return true;
  }
  if (account_transfer(wanted, answer)) return true;
  if (asked) return true;
  if (!enqueue(wanted)) fall_back(wanted);
  return false;
}

void uring_backend::reap_ring(request_queue& ended) noexcept {
  std::lock_guard lock(mutex_);
  if (!ring_->is_open()) return;
  for (;;) {
    ring_->collect();
    io_uring_cqe* completion = nullptr;
    bool any = false;
    while (io_uring_peek_cqe(&ring_->raw(), &completion) == 0 && completion != nullptr) {
      any = true;
      auto* wanted = static_cast<request*>(io_uring_cqe_get_data(completion));
      const int answer = completion->res;
      io_uring_cqe_seen(&ring_->raw(), completion);
      if (wanted == nullptr) continue;  // the answer to a cancel
      --in_flight_;
      if (settle(*wanted, answer)) ended.push(wanted);
    }
    if (!any) break;
  }
  send();
}

void uring_backend::reap(request_queue& ended) noexcept {
  pool_.reap(ended);
  reap_ring(ended);
}

void uring_backend::add_to(statistics& stats) const noexcept {
  stats.ring_submits += submits_.load(std::memory_order_relaxed);
  stats.ring_fallbacks += fallbacks_.load(std::memory_order_relaxed);
}

}  // namespace ringfiles::backend
