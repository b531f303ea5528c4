#include "backend/threads/pool.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <system_error>
#include <utility>

#include "backend/device.hpp"
#include "backend/threads/blocking_calls.hpp"
#include "base/fork_guard.hpp"

namespace ringfiles::backend {

struct pool::device_lane {
  std::deque<work> waiting;
  std::condition_variable filled;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::uint64_t ended = 0;
  std::uint64_t ended_at_last_look = 0;
  bool crowded_at_last_look = false;
};

namespace {

/// Signals are for the program's own threads: a handler that runs on ours would surprise it, and
/// with SIGXFSZ blocked a write over RLIMIT_FSIZE answers EFBIG instead of ending the process.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t every;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before_);
  }
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;

 private:
  sigset_t before_{};
};

template <class Body>
bool start_detached(Body body) noexcept {
  const signals_blocked guard;
  try {
    std::thread(std::move(body)).detach();
    return true;
  } catch (const std::system_error&) {
    return false;  // RLIMIT_NPROC, a cgroup's limit, or no memory
  }
}

}  // namespace

pool::pool(std::uint32_t generation) noexcept : generation_(generation) {}

std::size_t pool::lane_threads() noexcept {
  static const std::size_t count =
      std::min<std::size_t>(32, std::max(1U, std::thread::hardware_concurrency()) + 4);
  return count;
}

// A child of fork() has none of the threads, and the lock may be held for ever by one of them: it
// leaves the inherited pool behind and makes its own. No lock is taken here, for that reason.
pool& pool::instance() {
  static std::atomic<pool*> current{nullptr};
  const std::uint32_t now = base::process_generation();
  pool* found = current.load(std::memory_order_acquire);
  if (found != nullptr && found->generation_ == now) return *found;
  pool* fresh = new pool(now);
  if (current.compare_exchange_strong(found, fresh, std::memory_order_acq_rel)) return *fresh;
  delete fresh;
  return *found;
}

pool::device_lane& pool::lane_for(const request& wanted) {
  auto& found = lanes_[wanted.on == nullptr ? 0 : wanted.on->id];
  if (!found) found = std::make_unique<device_lane>();
  return *found;
}

void pool::submit(request& wanted, const std::shared_ptr<completion_sink>& sink) noexcept {
  std::unique_lock lock(mutex_);
  device_lane& here = lane_for(wanted);
  wanted.lane = &here;
  here.waiting.push_back({&wanted, sink});
  if (here.waiting.size() <= here.idle || (here.threads < lane_threads() && add_thread(here))) {
    here.filled.notify_one();
    return;
  }
  if (here.threads == 0) {
    here.waiting.pop_back();
    lock.unlock();
    wanted.result = -EAGAIN;
    end(wanted, *sink);
    return;
  }
  if (!watching_) watching_ = start_detached([this] { watch_for_stalls(); });
}

// Once it is pushed, the request may be gone: whoever wants to be next has said so before.
request* pool::end(request& wanted, completion_sink& sink) noexcept {
  request* next = wanted.followed_by.exchange(&wanted, std::memory_order_acq_rel);
  const bool good = wanted.result >= 0 && wanted.moved >= wanted.size;
  sink.push(wanted);
  if (good || next == nullptr) return next;
  next->result = -ECANCELED;
  return end(*next, sink);
}

bool pool::withdraw(request& wanted) noexcept {
  std::lock_guard lock(mutex_);
  if (wanted.lane == nullptr) return false;
  auto& waiting = static_cast<device_lane*>(wanted.lane)->waiting;
  const auto found = std::find_if(waiting.begin(), waiting.end(),
                                  [&](const work& item) { return item.wanted == &wanted; });
  if (found == waiting.end()) return false;
  waiting.erase(found);
  return true;
}

std::size_t pool::threads() const noexcept {
  std::lock_guard lock(mutex_);
  return threads_;
}

bool pool::add_thread(device_lane& lane) noexcept {
  // The bound is for hung lanes that grow; another device still gets its first threads.
  if (threads_ >= max_threads && lane.threads >= lane_threads()) return false;
  ++lane.threads;
  ++threads_;
  if (start_detached([this, &lane] { serve(lane); })) return true;
  --lane.threads;
  --threads_;
  return false;
}

// The last reference to a sink ends it, which takes a lock of its own: it goes while this one is
// free anyway.
void pool::serve(device_lane& lane) noexcept {
  std::shared_ptr<completion_sink> served;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (lane.waiting.empty() && served) {
      lock.unlock();
      served.reset();
      lock.lock();
    }
    if (lane.waiting.empty()) {
      ++lane.idle;
      const bool filled =
          lane.filled.wait_for(lock, idle_time, [&] { return !lane.waiting.empty(); });
      --lane.idle;
      if (!filled) break;
    }
    work item = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    for (request* next = item.wanted; next != nullptr;) {
      lock.unlock();
      served.reset();
      call_blocking(*next);
      next = end(*next, *item.sink);
      lock.lock();
      ++lane.ended;
      if (next == nullptr || lane.waiting.empty()) continue;
      // A writer that always has a next block must not keep others waiting.
      next->lane = &lane;
      lane.waiting.push_back({std::exchange(next, nullptr), item.sink});
    }
    served = std::move(item.sink);
  }
  --lane.threads;
  --threads_;
}

void pool::watch_for_stalls() noexcept {
  constexpr int patience = 100;  // looks without a crowded lane before this thread ends
  std::unique_lock lock(mutex_);
  for (int quiet = 0; quiet < patience; ++quiet) {
    lock.unlock();
    std::this_thread::sleep_for(stall_time);
    lock.lock();
    if (relieve_stalled_lanes()) quiet = 0;
  }
  watching_ = false;
}

bool pool::relieve_stalled_lanes() noexcept {
  bool crowded = false;
  for (auto& [device, lane] : lanes_) {
    const bool moved = lane->ended != lane->ended_at_last_look;
    lane->ended_at_last_look = lane->ended;
    // Requests that came a moment ago, after a time without any, have not waited yet.
    const bool waits_for_long = std::exchange(lane->crowded_at_last_look, !lane->waiting.empty());
    if (lane->waiting.empty()) continue;
    crowded = true;
    if (moved || !waits_for_long) continue;
    const std::size_t doubling = std::min(lane->waiting.size(), lane->threads + 1);
    for (std::size_t added = 0; added < doubling; ++added)
      if (!add_thread(*lane)) break;
  }
  return crowded;
}

}  // namespace ringfiles::backend
