#include <exception>
#include <new>
#include <utility>

#include "base/fork_guard.hpp"
#include "file/calls.hpp"
#include "file/file_call.hpp"
#include "ringfiles/source.hpp"

namespace ringfiles {
namespace detail {
namespace {

/// What a source is taken to have done when it was asked and had nothing: about a portion's work.
constexpr std::int64_t not_ready_cost_ns = 60'000;

class source_call final : public file_call<std::unique_ptr<source>> {
 public:
  source_call(file_state& file, std::unique_ptr<source> from) noexcept
      : file_call(file), source_(std::move(from)) {}

  progress attempt() override {
    if (!running_ && refused()) return progress::done;
    // What follows the portions that the parent holds is written by the parent only.
    if (running_ && generation_ != base::process_generation()) return interrupted();
    if (!file_.about().mode.writable) return fail(errc::not_writable);
    file_.prepare_to_write();
    if (const auto code = file_.take_drain_error()) return stop(code);
    for (;;) {
      if (portion_.empty() && !core_->allows_inline()) {
        file_.go_on_next_turn();
        return progress::waiting;
      }
      if (portion_.empty() && !ask()) return end();
      if (settled_ && !running_) return progress::done;  // withdrawn by what the source did
      if (portion_.empty()) {                            // not ready yet
        core_->charge(not_ready_cost_ns);
        continue;
      }
      if (!has_room()) {
        const drain_result drained = file_.drain();
        if (drained == drain_result::failed) return stop(file_.take_drain_error());
        if (!has_room()) return progress::waiting;
      }
      take();
    }
  }

 private:
  const char* name() const noexcept override { return "write"; }

  /// An empty block takes a portion of any size.
  bool has_room() noexcept {
    auto& writer = file_.writer();
    return writer.fits(portion_.size()) || writer.empty();
  }

  // From here on it is not taken back: what has begun happens whole.
  void take() {
    file_.writer().take(portion_);
    core_->charge(engine_floor::buffer_cost_ns);
    core_->charge_copy(portion_.size());
    core_->count(rung::buffer);
    portion_ = {};
    running_ = true;
    generation_ = base::process_generation();
    if (file_.writer().full()) file_.drain();
  }

  /// False: there is nothing more, or it threw.
  bool ask() {
    try {
      return source_->next(portion_);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (...) {
      exception_ = std::current_exception();
      return false;
    }
  }

  progress end() {
    running_ = false;
    return exception_ ? progress::done : succeed(std::move(source_));
  }

  progress interrupted() noexcept {
    running_ = false;
    return fail(errc::fork_interrupted);
  }

  progress run_out_of_memory() noexcept override {
    return stop(std::make_error_code(std::errc::not_enough_memory));
  }

  progress stop(failure_code code) noexcept {
    running_ = false;
    if (settled_) file_.defer_error(code);  // its caller was told "cancelled"
    return fail(code);
  }

  std::unique_ptr<source> source_;
  std::string_view portion_;
  std::uint32_t generation_ = 0;  ///< of the process that took the first portion
};

}  // namespace
}  // namespace detail

operation<std::unique_ptr<source>> write_from(file& to, std::unique_ptr<source> from) {
  detail::file_state& file = detail::require_state(to, "write");
  return operation<std::unique_ptr<source>>(new detail::source_call(file, std::move(from)));
}

}  // namespace ringfiles
