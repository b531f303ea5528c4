// A loop of the program's own, as one would write it: epoll over completion_fd() and a heartbeat.
#pragma once

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

class event_loop {
 public:
  static constexpr std::int64_t beat_ns = 1'000'000;

  explicit event_loop(ringfiles::engine& engine)
      : engine_(engine), epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    watch(engine.completion_fd());
    watch(timer_);
  }
  ~event_loop() {
    ::close(timer_);
    ::close(epoll_);
  }
  event_loop(const event_loop&) = delete;

  /// Runs until `done` says so or `limit_ns` have passed. How late each heartbeat came: a loop that
  /// was held for 20 ms has missed 20 beats, the first by 20 ms, the last by 1.
  std::vector<std::int64_t> run(std::int64_t limit_ns, const std::function<bool()>& done) {
    std::vector<std::int64_t> lateness;
    std::int64_t next = now_ns() + beat_ns;
    const std::int64_t end = now_ns() + limit_ns;
    arm(next);
    while (now_ns() < end && !done()) turn(lateness, next);
    arm(0);
    return lateness;
  }
  std::vector<std::int64_t> run_for(std::int64_t limit_ns) {
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

  void turn(std::vector<std::int64_t>& lateness, std::int64_t& next) {
    std::array<epoll_event, 2> ready{};
    const int count = ::epoll_wait(epoll_, ready.data(), 2, 100);
    for (int i = 0; i < count; ++i) {
      if (ready[static_cast<std::size_t>(i)].data.fd == timer_)
        beat(lateness, next);
      else
        engine_.run_completions();
    }
  }

  void beat(std::vector<std::int64_t>& lateness, std::int64_t& next) const {
    std::uint64_t expirations = 0;
    if (::read(timer_, &expirations, sizeof expirations) < 0) return;
    const std::int64_t now = now_ns();
    for (; expirations > 0; --expirations, next += beat_ns) lateness.push_back(now - next);
  }

  ringfiles::engine& engine_;
  int epoll_;
  int timer_;
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
