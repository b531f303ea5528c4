// Calls that faultfs holds back, without a thread for each of them.
//
// A held call is an entry in a table: the request and the work that answers it later. One thread
// answers what is due, resumed or interrupted. So thousands of hung calls cost some memory and no
// thread of the session, and calls that are not held never wait for those that are.
//
// REQUIRES: the user data of the FUSE session is this object (interrupts find their way by it).
// SAFETY: `hold`, `resume` and `count` may be called from any thread; `abort_all` once, after the
// session loop has ended.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "fuse.hpp"

namespace faultfs {

class parked_requests {
 public:
  using clock = std::chrono::steady_clock;

  // The due time of a call that hangs: far away, yet far from overflowing the clock.
  static constexpr std::chrono::hours forever{24 * 365};

  void start() {
    thread_ = std::thread([this] { serve(); });
  }

  struct terms {
    clock::duration delay;
    bool interruptible;        // a signal to the caller replies EINTR
    std::uint64_t generation;  // of the rules that said so
  };

  // `answer` replies to `request`, later, on this object's thread, or never after EINTR. A call
  // whose rules have been cleared in the meantime is answered at once.
  void hold(fuse_req_t request, const terms& agreed, std::function<void()> answer) {
    const std::uint64_t id = insert(request, agreed, std::move(answer));
    // When the signal came first, libfuse calls on_interrupt from within this call and
    // unlocks the request afterwards. Answering frees the request, so nobody may do that
    // before the call has returned: hence `ready`.
    if (agreed.interruptible) {
      ::fuse_req_interrupt_func(request, &on_interrupt, reinterpret_cast<void*>(id));
    }
    const std::lock_guard guard(mutex_);
    entries_[id].ready = true;
    wake_.notify_one();
  }

  // Lets the `limit` oldest held calls go on at once; rules older than `generation` are gone.
  void resume(std::size_t limit, std::uint64_t generation) {
    const std::lock_guard guard(mutex_);
    generation_ = std::max(generation_, generation);
    for (auto& [id, held] : entries_) {
      if (limit-- == 0) break;
      held.due = clock::time_point::min();
    }
    wake_.notify_one();
  }

  // Calls held now: neither answered nor being answered.
  std::size_t count() const {
    const std::lock_guard guard(mutex_);
    return entries_.size();
  }

  // Answers everything with `error` and ends the thread.
  void abort_all(int error) {
    {
      const std::lock_guard guard(mutex_);
      for (auto& [id, held] : entries_) held.error = error;
      stopping_ = true;
      wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct entry {
    fuse_req_t request = nullptr;
    std::function<void()> answer;
    clock::time_point due;
    int error = 0;  // not 0: reply this instead of calling `answer`
    bool ready = false;
  };

  std::uint64_t insert(fuse_req_t request, const terms& agreed, std::function<void()> answer) {
    const std::lock_guard guard(mutex_);
    const bool cleared = agreed.generation < generation_;
    const auto due = cleared ? clock::time_point::min() : clock::now() + agreed.delay;
    entries_.emplace(next_id_, entry{request, std::move(answer), due});
    return next_id_++;
  }

  // Called by libfuse with the request locked. The id may be gone: answered in the meantime.
  static void on_interrupt(fuse_req_t request, void* id) {
    auto& self = *static_cast<parked_requests*>(::fuse_req_userdata(request));
    const std::lock_guard guard(self.mutex_);
    const auto found = self.entries_.find(reinterpret_cast<std::uint64_t>(id));
    if (found == self.entries_.end()) return;
    found->second.error = EINTR;
    self.wake_.notify_one();
  }

  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      const std::vector<entry> due = take_due();
      if (due.empty()) {
        if (stopping_) return;
        wake_.wait_until(lock, next_due());
        continue;
      }
      lock.unlock();
      for (const entry& each : due) reply(each);
      lock.lock();
    }
  }

  static void reply(const entry& due) {
    if (due.error != 0) {
      ::fuse_reply_err(due.request, due.error);
    } else {
      due.answer();
    }
  }

  std::vector<entry> take_due() {
    std::vector<entry> due;
    const auto now = clock::now();
    for (auto each = entries_.begin(); each != entries_.end();) {
      entry& held = each->second;
      if (held.ready && (held.error != 0 || held.due <= now)) {
        due.push_back(std::move(held));
        each = entries_.erase(each);
      } else {
        ++each;
      }
    }
    return due;
  }

  clock::time_point next_due() const {
    auto earliest = clock::now() + forever;
    for (const auto& [id, held] : entries_) {
      if (held.ready) earliest = std::min(earliest, held.due);
    }
    return earliest;
  }

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint64_t, entry> entries_;  // ordered by age
  std::uint64_t next_id_ = 1;
  std::uint64_t generation_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace faultfs
