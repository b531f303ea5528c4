#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <utility>

#include "engine/simple_call.hpp"
#include "file/calls.hpp"
#include "file/fifo_peer.hpp"
#include "ringfiles/detail/open_path.hpp"

namespace ringfiles {
namespace detail {
namespace {

// How often a FIFO is looked at while its other end is missing. No event tells of a writer that has
// opened it and written nothing yet, and a thread per FIFO would be worse.
constexpr std::chrono::milliseconds first_look{1};
constexpr std::chrono::milliseconds last_look{20};

class open_call final : public simple_call<file>, public resumable {
 public:
  open_call(std::string path, std::string_view mode, open_options options)
      : path_(std::move(path)), mode_words_(mode), options_(options) {}

  ~open_call() override { close_fifo(); }

  bool try_now() override {
    if (ends_without_engine()) return true;
    if (!prepare()) {
      core_->charge(engine_floor::open_cost_ns);
      return settled_ = true;
    }
    if (!core_->allows_inline()) return false;
    looked_ = true;
    const std::int64_t result = core_->try_inline(wanted_);
    if (result == backend::would_wait || may_wait_for_descriptor(result)) return false;
    if (waits_for_peer(result)) {
      fifo_ = static_cast<int>(result);
      return false;
    }
    conclude(result);
    return settled_ = true;
  }

  /// The budget of the turn in which it was awaited was spent, or there was no descriptor left: now
  /// it is looked up.
  void resume_work() noexcept override {
    take_grant();
    if (is_over())
      pass_grant_on();
    else
      look_up();
    drop_reference();  // the list's
  }

 private:
  const char* name() const noexcept override { return "open"; }
  std::string path() const override { return path_; }
  std::string hint() const override { return refused_option(failure_, mode_words_, options_); }

  bool prepare() noexcept {
    const auto parsed = parse_open_mode(mode_words_);
    if (!parsed) return failure_ = errc::invalid_mode, false;
    if (path_.find('\0') != std::string::npos) return failure_ = errc::embedded_nul, false;
    if (const auto refusal = check_options(*parsed, options_, codec_))
      return failure_ = refusal, false;
    mode_ = *parsed;
    wanted_.code = opcode::open;
    wanted_.path = path_.c_str();
    wanted_.flags = mode_.flags;
    wanted_.permissions = options_.permissions;
    wanted_.facts = &facts_;
    wanted_.owner = this;
    wanted_.ended = ended;
    return true;
  }

  // A thousand opens at once are a thousand look-ups of cached paths, as a rule: a few in each turn
  // of the loop cost less than a hop to a thread for each.
  void begin() override {
    if (fifo_ >= 0) return take_result(std::exchange(fifo_, -1));
    if (looked_) return submit();
    yield();
  }

  void yield() noexcept {
    add_reference();  // the list's
    if (core_->yield(*this)) return;
    submit();
    drop_reference();
  }

  void look_up() noexcept {
    if (!core_->allows_inline()) return yield();
    looked_ = true;
    seen_releases_ = core_->releases();
    const std::int64_t result = core_->try_inline(wanted_);
    if (result == backend::would_wait)
      submit();
    else
      take_result(result);
  }

  bool is_over() noexcept {
    const std::lock_guard lock(outcome_mutex_);
    return settled_;
  }

  void submit() {
    add_reference();  // the request's
    seen_releases_ = core_->releases();
    core_->descriptor_taken();
    core_->submit(wanted_);
  }

  static void ended(backend::request& request) noexcept {
    auto& self = *static_cast<open_call*>(request.owner);
    if (request.result >= 0 || lacks_descriptor(request.result))
      self.core_->descriptor_not_taken();
    else
      self.core_->descriptor_released();
    self.take_result(request.result);
    self.drop_reference();
  }

  void take_result(std::int64_t result) noexcept {
    if (waits_for_peer(result)) return wait_for_peer(static_cast<int>(result));
    if (may_wait_for_descriptor(result) && wait_for_descriptor(result)) return;
    if (result < 0) pass_grant_on();
    if (finish([&] { conclude(result); })) return;
    // Cancelled meanwhile: nobody gets the file, and no descriptor leaks.
    if (result >= 0) static_cast<void>(make_file(static_cast<int>(result)));
  }

  /// Fixes value or failure.
  void conclude(std::int64_t result) {
    if (result < 0) {
      failure_ = code_of(result);
    } else if (S_ISDIR(facts_.mode)) {
      // open(2) opens a directory for reading; Python's open() does not.
      static_cast<void>(make_file(static_cast<int>(result)));
      failure_ = std::error_code(EISDIR, std::generic_category());
    } else {
      value_.emplace(make_file(static_cast<int>(result)));
    }
  }

  file make_file(int fd) {
    const backend::device* on = &backend::stream_device();
    if (core_->kind() == backend_kind::memory)
      on = &backend::memory_device();
    else if (!facts_.is_stream())
      on = &backend::met_device(fd, facts_.device);
    return file_state::make_handle(
        new file_state(core_->shared_from_this(),
                       {fd, path_, mode_words_, mode_, options_, facts_, on, true,
                        (wanted_.flags & O_NONBLOCK) != 0 && !facts_.is_stream(), codec_}));
  }

  // ---- Descriptors: when there are none left, those of other files are waited for ----
  // Whoever a descriptor was released for has a grant, and passes it on if it does not use it. An
  // attempt that finds no descriptor after all waits again, and passes nothing on, or it would go
  // round for ever.

  static bool lacks_descriptor(std::int64_t result) noexcept {
    return result == -EMFILE || result == -ENFILE;
  }
  bool may_wait_for_descriptor(std::int64_t result) const noexcept {
    return lacks_descriptor(result) && options_.wait_for_descriptor.count() > 0;
  }

  /// False: it is over, or nothing that could be waited for is open.
  bool wait_for_descriptor(std::int64_t result) noexcept {
    using enum engine_core::descriptor_wait;
    const std::lock_guard lock(outcome_mutex_);
    if (settled_) return false;
    add_reference();  // the list's
    const auto answer = core_->wait_for_descriptor(*this, seen_releases_);
    if (answer == waits) {
      lacking_ = result;
      granted_ = false;
      if (waiting_since_ns_ == 0) waiting_since_ns_ = sys::now_ns();
      set_patience();
      return true;
    }
    if (answer == try_again)
      submit();
    else
      granted_ = true;  // the next one that waits has to learn the same
    drop_reference();
    return answer == try_again;
  }

  std::int64_t patience_ends_ns() const noexcept {
    const std::int64_t since = std::max(waiting_since_ns_, core_->last_release_ns());
    std::int64_t ends = 0;
    const bool never = __builtin_add_overflow(since, options_.wait_for_descriptor.count(), &ends);
    return never ? engine_floor::timers::never : ends;
  }

  void set_patience() noexcept {
    timer_.owner = this;
    timer_.expired = [](void* owner) noexcept { static_cast<open_call*>(owner)->lose_patience(); };
    add_reference();  // the timer's
    core_->add_timer(timer_, patience_ends_ns());
  }

  void lose_patience() noexcept {
    {
      const std::lock_guard lock(outcome_mutex_);
      if (settled_) {
        // Cancelled meanwhile.
      } else if (sys::now_ns() < patience_ends_ns()) {
        set_patience();
      } else {
        failure_ = code_of(lacking_);
        settle();
      }
    }
    drop_reference();  // the timer's
  }

  void take_grant() noexcept {
    const std::lock_guard lock(outcome_mutex_);
    if (std::exchange(lacking_, 0) == 0) return;
    granted_ = true;
    stop_timer();
  }

  void pass_grant_on() noexcept {
    {
      const std::lock_guard lock(outcome_mutex_);
      if (!std::exchange(granted_, false)) return;
    }
    core_->pass_descriptor_on();
  }

  /// False: it did not run, or is about to. REQUIRES: outcome_mutex_ held, and a reference beside
  /// the timer's.
  bool stop_timer() noexcept {
    if (!core_->remove_timer(timer_)) return false;
    drop_reference();  // the timer's
    return true;
  }

  // ---- FIFOs: open(2) waits for the other end; here that holds no thread ----

  bool waits_for_peer(std::int64_t result) const noexcept {
    if (!S_ISFIFO(facts_.mode)) return false;
    if (result == -ENXIO) return true;  // for writing: nobody reads
    return result >= 0 && !mode_.writable && !fifo_has_writer(static_cast<int>(result));
  }

  void wait_for_peer(int fd) noexcept {
    std::unique_lock lock(outcome_mutex_);
    fifo_ = std::max(fd, -1);
    if (settled_) return close_fifo();
    timer_.owner = this;
    timer_.expired = [](void* owner) noexcept { static_cast<open_call*>(owner)->look_again(); };
    add_reference();  // the timer's
    core_->add_timer(timer_, sys::now_ns() + std::chrono::nanoseconds(pause_).count());
    pause_ = std::min(2 * pause_, last_look);
  }

  // Locked, since who destroys the coroutine that waits may do it on another thread meanwhile.
  void look_again() noexcept {
    std::unique_lock lock(outcome_mutex_);
    if (settled_) {
      close_fifo();
    } else if (const int fd = std::exchange(fifo_, -1); fd >= 0) {
      lock.unlock();
      take_result(fd);
    } else {
      submit();
    }
    if (lock.owns_lock()) lock.unlock();
    drop_reference();  // the timer's, perhaps the last
  }

  void close_fifo() noexcept {
    if (fifo_ >= 0) sys::close_file(std::exchange(fifo_, -1));
  }

  void on_withdrawn() noexcept override {
    core_->cancel(wanted_);
    core_->park(wanted_);
    if (stop_timer()) close_fifo();
    if (std::exchange(granted_, false)) core_->pass_descriptor_on();
  }

  std::string path_;
  std::string mode_words_;
  open_options options_;
  open_mode mode_;
  const text::codec* codec_ = nullptr;  ///< null: UTF-8, strict
  sys::file_facts facts_;
  backend::request wanted_;
  engine_floor::timer timer_;
  std::chrono::milliseconds pause_ = first_look;
  int fifo_ = -1;
  bool looked_ = false;       ///< whether it can be opened at once
  std::int64_t lacking_ = 0;  ///< the failure that has it wait for a descriptor
  std::int64_t waiting_since_ns_ = 0;
  std::uint64_t seen_releases_ = 0;  ///< of the engine, before the last attempt
  bool granted_ = false;
};

}  // namespace

operation<file> open_path(engine& engine, std::string path, std::string_view mode,
                          open_options options) {
  auto* call = new open_call(std::move(path), mode, options);
  operation<file> opening(call);
  call->bind(engine.core());
  return opening;
}

}  // namespace detail

operation<file> open(std::filesystem::path path, std::string_view mode, open_options options) {
  return operation<file>(new detail::open_call(path.string(), mode, options));
}

operation<file> open(engine& engine, std::filesystem::path path, std::string_view mode,
                     open_options options) {
  return detail::open_path(engine, path.string(), mode, options);
}

}  // namespace ringfiles
