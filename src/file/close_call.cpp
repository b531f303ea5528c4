#include "file/barrier_call.hpp"
#include "file/calls.hpp"

namespace ringfiles::detail {
namespace {

/// Counts what is in flight, refuses new calls, closes when the count is zero. The descriptor is
/// only reused by the kernel after that, so no late operation can hit somebody else's file.
class close_call final : public barrier_call<void> {
 public:
  using barrier_call::barrier_call;

  progress attempt() override {
    if (phase_ == phase::requested) return progress::waiting;
    if (phase_ == phase::before) {
      if (!file_.is_open()) return ended();  // a second close does nothing
      file_.start_closing();
      if (!flushed()) return progress::waiting;
      file_.stop_reading_ahead();
      if (!file_.quiet() || file_.reading_ahead()) return progress::waiting;
      if (file_.about().close_descriptor) {
        const progress made = request(opcode::close);
        if (made != progress::detached) return made;
      }
    }
    // Whatever close(2) says, the descriptor is gone (Linux).
    file_.closed();
    if (!error_ && wanted_.result < 0) error_ = code_of(wanted_.result);
    if (!error_) error_ = file_.sync_error();
    return ended();
  }

 private:
  const char* name() const noexcept override { return "close"; }

  void serve_without_engine() noexcept override {
    if (file_.is_open()) error_ = file_.close_without_engine();
    ended();
  }

  // A delayed write's error does not keep the file open. Bytes that could not be written before
  // are tried once more, as in Python: if that works, nothing was lost and nothing is reported.
  bool flushed() noexcept {
    for (;;) {
      switch (file_.drain()) {
        case drain_result::waiting:
          return false;
        case drain_result::idle:
          return true;
        case drain_result::failed:
          const auto code = file_.take_drain_error();
          if (std::exchange(retried_, true)) {
            error_ = code;
            file_.writer().discard();
            return true;
          }
      }
    }
  }

  progress ended() noexcept { return error_ ? fail(error_) : succeed(); }

  failure_code error_;
  bool retried_ = false;
};

}  // namespace

operation<void> close_operation(file_state& file) { return operation<void>(new close_call(file)); }

void close_in_background(file_state& file) noexcept {
  const auto close = call_reference<call_base>::adopt(new close_call(file));
  if (!close->try_now()) close->start({});
}

}  // namespace ringfiles::detail
