// The process's pool of threads for calls that wait.
//
// One lane per device, so that a hung network mount holds up itself and nobody else; within a lane
// requests start in order. A lane has at most `lane_threads()` threads; when none of them comes
// back for a while although requests wait, the lane is taken to be hung and grows, doubling, up to
// `max_threads` in the process. Threads start when needed and end when idle for long.
//
// SAFETY: any thread. A forked child gets a pool of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "backend/request.hpp"
#include "backend/threads/completion_sink.hpp"

namespace ringfiles::backend {

class pool {
 public:
  /// As many as can wait for one device at once: what CPython's own pool uses. More only queue up
  /// inside the kernel.
  static std::size_t lane_threads() noexcept;
  /// Bound over all lanes, hung ones included: 8 KiB of kernel stack each. The first threads of a
  /// lane are not held back by it.
  static constexpr std::size_t max_threads = 2048;
  /// A lane that ended nothing for this long while requests wait is taken to be hung.
  static constexpr std::chrono::milliseconds stall_time{10};
  static constexpr std::chrono::seconds idle_time{5};

  /// Never destroyed: threads may be inside the kernel while the process exits.
  static pool& instance();

  struct work {
    request* wanted;
    std::shared_ptr<completion_sink> sink;
  };
  void submit(request& wanted, const std::shared_ptr<completion_sink>& sink) noexcept;
  /// Takes back a request that no thread has begun.
  bool withdraw(request& wanted) noexcept;
  std::size_t threads() const noexcept;
  /// Hands `wanted`, whose result is set, back to its engine, and gives the request that is to be
  /// served next. That is null after a failure: then what follows has ended as well.
  static request* end(request& wanted, completion_sink& sink) noexcept;

  struct device_lane;

 private:
  explicit pool(std::uint32_t generation) noexcept;
  device_lane& lane_for(const request& wanted);
  bool add_thread(device_lane& lane) noexcept;
  void serve(device_lane& lane) noexcept;
  void watch_for_stalls() noexcept;
  bool relieve_stalled_lanes() noexcept;

  const std::uint32_t generation_;  ///< of the process that made it
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::unique_ptr<device_lane>> lanes_;
  std::size_t threads_ = 0;
  bool watching_ = false;
};

}  // namespace ringfiles::backend
