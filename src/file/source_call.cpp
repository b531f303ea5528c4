#include <utility>

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
    if (!file_.about().mode.writable) return fail(errc::not_writable);
    file_.prepare_to_write();
    if (const auto code = file_.take_drain_error()) return stop(code);
    for (;;) {
      if (portion_.empty() && !core_->allows_inline()) {
        file_.go_on_next_turn();
        return progress::waiting;
      }
      if (portion_.empty() && !source_->next(portion_)) return end();
      if (portion_.empty()) {  // not ready yet
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

  /// A portion that was taken before the call had to wait is not taken back either.
  void before_waiting() override { running_ = taken_; }

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
    taken_ = true;
    running_ = begun_;
    if (file_.writer().full()) file_.drain();
  }

  progress end() {
    running_ = false;
    return succeed(std::move(source_));
  }

  progress stop(failure_code code) noexcept {
    running_ = false;
    if (settled_) file_.defer_error(code);  // its caller was told "cancelled"
    return fail(code);
  }

  std::unique_ptr<source> source_;
  std::string_view portion_;
  bool taken_ = false;
};

}  // namespace
}  // namespace detail

operation<std::unique_ptr<source>> write_from(file& to, std::unique_ptr<source> from) {
  detail::file_state& file = detail::require_state(to, "write");
  return operation<std::unique_ptr<source>>(new detail::source_call(file, std::move(from)));
}

}  // namespace ringfiles
