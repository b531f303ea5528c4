// A loop of the program's own, as one would write it: epoll over completion_fd() and a heartbeat.
//
// On a busy machine a thread also waits for a processor, and for longer than the loop may ever be
// held. The kernel counts that (proc(5), schedstat), so each beat is told twice: how late it was,
// and how late it would have been had the thread always had a processor when it could run.
#pragma once

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "probe/figures.hpp"
#include "ringfiles/ringfiles.hpp"

namespace probe {

/// How late heartbeats came, in nanoseconds.
struct lateness {
  std::vector<std::int64_t> raw;
  std::vector<std::int64_t> own;  ///< less the time in which the thread waited for a processor
};

class event_loop {
 public:
  static constexpr std::int64_t beat_ns = 1'000'000;

  explicit event_loop(ringfiles::engine& engine)
      : engine_(engine),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
        schedule_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {
    watch(engine.completion_fd());
    watch(timer_);
  }
  ~event_loop() {
    ::close(schedule_);
    ::close(timer_);
    ::close(epoll_);
  }
  event_loop(const event_loop&) = delete;

  /// Runs until `done` says so or `limit_ns` have passed. How late each heartbeat came: a loop that
  /// was held for 20 ms has missed 20 beats, the first by 20 ms, the last by 1.
  lateness run(std::int64_t limit_ns, const std::function<bool()>& done) {
    lateness seen;
    next_ = now_ns() + beat_ns;
    waited_ = waited_for_processor();
    const std::int64_t end = now_ns() + limit_ns;
    arm(next_);
    while (now_ns() < end && !done()) turn(seen);
    arm(0);
    return seen;
  }
  lateness run_for(std::int64_t limit_ns) {
    return run(limit_ns, [] { return false; });
  }

 private:
  void watch(int fd) const {
    epoll_event event{EPOLLIN, {.fd = fd}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
  }

  void arm(std::int64_t first_ns) const {
    itimerspec when{};
    if (first_ns > 0) {
      when.it_value = {first_ns / 1'000'000'000, first_ns % 1'000'000'000};
      when.it_interval = {0, beat_ns};
    }
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
  }

  void turn(lateness& seen) {
    std::array<epoll_event, 2> ready{};
    const int count = ::epoll_wait(epoll_, ready.data(), 2, 100);
    for (int i = 0; i < count; ++i) {
      if (ready[static_cast<std::size_t>(i)].data.fd == timer_)
        beat(seen);
      else
        engine_.run_completions();
    }
  }

  void beat(lateness& seen) {
    std::uint64_t expirations = 0;
    if (::read(timer_, &expirations, sizeof expirations) < 0) return;
    const std::int64_t now = now_ns();
    const std::int64_t waited = waited_for_processor();
    for (; expirations > 0; --expirations, next_ += beat_ns) {
      seen.raw.push_back(now - next_);
      seen.own.push_back(std::max<std::int64_t>(now - next_ - (waited - waited_), 0));
    }
    waited_ = waited;
  }

  /// Nanoseconds in all; 0 where the kernel does not count them.
  std::int64_t waited_for_processor() const {
    std::array<char, 100> text{};
    if (::pread(schedule_, text.data(), text.size() - 1, 0) <= 0) return 0;
    char* after = nullptr;
    std::strtoll(text.data(), &after, 10);
    return std::strtoll(after, nullptr, 10);
  }

  ringfiles::engine& engine_;
  int epoll_;
  int timer_;
  int schedule_;
  std::int64_t next_ = 0;    ///< when the next beat is due
  std::int64_t waited_ = 0;  ///< waited_for_processor() at the last beat
};

/// Starts a task that nobody awaits; `failed` names it when it throws.
inline ringfiles::detail::detached spawn(ringfiles::task<void> work, const char* name) {
  try {
    co_await std::move(work);
  } catch (const std::exception& thrown) {
    fail(name, thrown.what());
  }
}

}  // namespace probe
