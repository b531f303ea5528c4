// An awaitable that waits: the future that its task waits for, and the call that will end it.
#pragma once

#include <memory>

#include "loop_engine.hpp"
#include "pending.hpp"
#include "python.hpp"

namespace ringfiles::python {

class suspension final : public waiter {
 public:
  suspension(std::shared_ptr<loop_engine> engine, std::unique_ptr<pending> call) noexcept
      : engine_(std::move(engine)), call_(std::move(call)) {}
  ~suspension();

  /// The future to yield; null with an exception set. Starts the call.
  PyObject* begin() noexcept;
  bool has_ended() const noexcept { return ended_; }
  /// Null when it has ended.
  PyObject* future() const noexcept override { return future_.ptr(); }
  const std::shared_ptr<loop_engine>& engine() const noexcept { return engine_; }
  std::unique_ptr<pending>& call() noexcept { return call_; }
  /// Whoever waits for the future goes on.
  static void wake(owned future) noexcept;

 private:
  static void resume(void* self) noexcept;
  void loop_closed() noexcept override;
  void leave() noexcept;

  std::shared_ptr<loop_engine> engine_;
  std::unique_ptr<pending> call_;
  owned future_;
  bool linked_ = false;
  bool ended_ = false;
};

}  // namespace ringfiles::python
