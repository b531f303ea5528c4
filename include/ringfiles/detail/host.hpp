// For doors whose loop runs only as long as there is something to wait for.
//
// A loop that may end (an io_context without work) watches completion_fd() while its engine is
// busy. Calls start where no door looks, too: a file that is destroyed closes in the background. So
// an engine tells its host.
#pragma once

namespace ringfiles::detail {

class engine_core;

class engine_host {
 public:
  /// A call was started on an engine that had none: watch completion_fd() until engine::idle().
  /// Runs on the thread that starts the call, with no lock held.
  virtual void engine_busy() noexcept = 0;

  engine_host(const engine_host&) = delete;

 protected:
  engine_host() = default;
  virtual ~engine_host() = default;
};

/// `host` may be null. REQUIRES: nothing runs on the engine meanwhile.
void set_host(engine_core& core, engine_host* host) noexcept;
engine_host* host_of(const engine_core& core) noexcept;

}  // namespace ringfiles::detail
