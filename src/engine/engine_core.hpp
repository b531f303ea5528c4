// The life of operations: submit, complete, cancel, deadline, drain.
//
// A turn is one run_completions(): withdraw what was cancelled, take what the back end ended, run
// due timers, go on with what yielded, send what was queued, and only then resume coroutines and
// handlers. It is cut short once it has lasted engine_floor::turn_limit_ns: the loop has timers and
// sockets to look after, and the next turn goes on where this one stopped.
//
// Locks: a file's lock comes before the engine's; the engine holds none while it calls
// request::ended, a timer, a resumable or a continuation.
// SAFETY: ask_cancel() from any thread. The rest: one thread, or any with `concurrent`, except
// run_completions(), which one thread at a time may call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "backend/backend.hpp"
#include "backend/request.hpp"
#include "base/intrusive_queue.hpp"
#include "base/optional_mutex.hpp"
#include "base/owned_fd.hpp"
#include "engine/budget.hpp"
#include "engine/thread_slot.hpp"
#include "engine/timers.hpp"
#include "ringfiles/detail/host.hpp"
#include "ringfiles/engine.hpp"

namespace ringfiles::detail {

/// Something that goes on in the next turn. Whoever queues it keeps it alive until then.
struct resumable {
  virtual void resume_work() noexcept = 0;
  resumable* next_resumable = nullptr;
  bool queued = false;

 protected:
  ~resumable() = default;
};

/// Somebody who waits until a pipe or terminal is ready.
struct poll_waiter {
  /// Keeps the owner alive until `ready`, which lets it go. Called with the engine's lock held.
  void (*hold)(void* owner) noexcept = nullptr;
  void (*ready)(void* owner) noexcept = nullptr;
  void* owner = nullptr;
  int fd = -1;
  std::uint32_t events = 0;
  std::atomic<bool> watched{false};
};

/// What a negative result of a request means.
inline std::error_code code_of(std::int64_t result) noexcept {
  if (result == backend::interrupted_by_fork) return errc::fork_interrupted;
  return {static_cast<int>(-result), std::generic_category()};
}

class engine_core : public std::enable_shared_from_this<engine_core> {
 public:
  explicit engine_core(const engine_options& options);
  ~engine_core();
  engine_core(const engine_core&) = delete;

  bool concurrent() const noexcept { return options_.concurrent; }
  int completion_fd() const noexcept { return epoll_.get(); }
  backend_kind kind() const noexcept { return backend_->kind(); }
  statistics stats() const noexcept;
  bool idle() const noexcept;
  std::size_t run_completions();
  /// No turns will come: cancels, waits a grace period, parks the rest. Resumes nobody.
  void shut_down() noexcept;
  /// What a call asks before it is tried: none that waits would ever end. Relaxed, and no lock: who
  /// ends an engine sees to it that no other thread is in a call of it (engine.hpp), and whatever
  /// lets another thread use one of its files afterwards makes this visible there as well.
  bool is_shut_down() const noexcept { return shut_down_.load(std::memory_order_relaxed); }
  /// In a forked child: a new back end under the old descriptor.
  void check_fork() noexcept {
    if (generation_ != base_generation()) start_anew();
  }

  void set_host(engine_host* host) noexcept { host_ = host; }
  engine_host* host() const noexcept { return host_; }

  // ---- Calls ----
  void call_started(call_base& call);
  void call_settled(call_base& call) noexcept;
  void ask_cancel(call_base& call, std::errc why) noexcept;
  /// A call that was never started ended by cancellation.
  void count_cancelled() noexcept { add(cancelled_calls_, 1); }

  // ---- Inline work ----
  bool allows_inline() noexcept {
    return engine_floor::thread_budget.allows(this, turn_.load(std::memory_order_relaxed));
  }
  bool allows_more_inline() noexcept {
    return engine_floor::thread_budget.allows_more(this, turn_.load(std::memory_order_relaxed));
  }
  void charge(std::int64_t cost_ns) noexcept { engine_floor::thread_budget.charge(cost_ns); }
  void charge_copy(std::size_t bytes) noexcept {
    if (bytes > engine_floor::small_copy_bytes) charge(engine_floor::copy_cost_ns(bytes));
  }
  /// One attempt on rung 1, charged and counted.
  std::int64_t try_inline(backend::request& wanted) noexcept;
  void count(rung served, std::uint64_t calls = 1) noexcept { slot().count(served, calls); }
  static void forget_slot() noexcept { latest_slot = {}; }
  /// What this engine keeps for the calling thread.
  thread_slot& slot() noexcept {
    if (!options_.concurrent) return own_slot_;
    return latest_slot.engine == serial_ ? *latest_slot.slot : find_slot();
  }

  // ---- Requests ----
  void submit(backend::request& wanted) noexcept;
  /// Behind one that is in flight; see backend::submit_behind().
  bool submit_behind(backend::request& first, backend::request& wanted) noexcept;
  void cancel(backend::request& wanted) noexcept;
  /// Only when no turn will come.
  void serve_blocking(backend::request& wanted) noexcept { backend_->serve_blocking(wanted); }
  /// Its caller has been told that it is over, while the kernel still has it.
  void park(backend::request& wanted) noexcept;
  /// Has it resumed in the next turn. False: it is waiting for that already, or no turn will come.
  bool yield(resumable& later) noexcept;

  // ---- Descriptors: of open files, and of opens that are under way ----
  void descriptor_taken() noexcept { descriptors_.fetch_add(1, std::memory_order_relaxed); }
  /// Whoever has waited longest for one goes on in the next turn.
  void descriptor_released() noexcept;
  /// Nobody can have it: a file has it now, or there was none.
  void descriptor_not_taken() noexcept { descriptors_.fetch_sub(1, std::memory_order_relaxed); }
  /// Who was told to go on did not need it.
  void pass_descriptor_on() noexcept;
  enum class descriptor_wait {
    waits,      ///< it is resumed when one was released
    try_again,  ///< one was released since `seen_releases`
    hopeless,   ///< no file of this engine could release any
  };
  descriptor_wait wait_for_descriptor(resumable& later, std::uint64_t seen_releases) noexcept;
  /// How often one was released. To be asked for before an attempt to have one.
  std::uint64_t releases() const noexcept { return releases_.load(std::memory_order_relaxed); }
  /// When one was last released while somebody waited for it.
  std::int64_t last_release_ns() const noexcept {
    return last_release_ns_.load(std::memory_order_relaxed);
  }

  // ---- Time and readiness ----
  void add_timer(engine_floor::timer& added, std::int64_t at_ns);
  /// False: it was not pending any more. In a concurrent engine it may be about to run then.
  bool remove_timer(engine_floor::timer& removed) noexcept;
  int watch(poll_waiter& waiter) noexcept;
  void unwatch(poll_waiter& waiter) noexcept;

 private:
  using call_list = base::intrusive_queue<call_base, &call_base::next_ended_>;
  using cancel_list = base::intrusive_queue<call_base, &call_base::next_cancelled_>;
  using resumable_list = base::intrusive_queue<resumable, &resumable::next_resumable>;

  static std::uint32_t base_generation() noexcept;
  void make_descriptors();
  void start_anew() noexcept;
  void interrupt_in_flight() noexcept;
  void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) noexcept;
  void link(backend::request& wanted) noexcept;
  void unlink(backend::request& wanted) noexcept;
  void take_ready();
  void withdraw_cancelled() noexcept;
  void take_ended() noexcept;
  bool turn_is_over(std::size_t done) noexcept;
  void finish_request(backend::request& ended) noexcept;
  void run_due_timers() noexcept;
  void arm_timer_for_earliest() noexcept;
  void resume_yielded() noexcept;
  void drop_deadline(call_base& call) noexcept;
  std::size_t deliver();
  bool holds_accepted_bytes() const noexcept;
  static std::uint64_t new_serial() noexcept;
  thread_slot& find_slot() noexcept;
  std::shared_ptr<thread_slot> take_slot();
  void drop_spares() noexcept;
  void wait_for_in_flight() noexcept;
  void wake() noexcept { wake_->signal(); }

  /// The engine whose turn the thread is in.
  static thread_local constinit const engine_core* turn_of_this_thread;

  engine_options options_;
  mutable base::optional_mutex mutex_;
  std::shared_ptr<backend::wake_up> wake_;
  base::owned_fd epoll_;
  base::owned_fd timer_fd_;
  std::unique_ptr<backend::backend> backend_;
  std::uint32_t generation_;
  engine_host* host_ = nullptr;
  std::atomic<bool> shut_down_{false};
  bool over_ = false;  ///< shut down, and what could be waited for was

  std::atomic<std::uint64_t> turn_{1};
  std::int64_t turn_started_ns_ = 0;  ///< 0: a turn that nothing cuts short
  backend::request_queue reaped_;     ///< ended, and not looked at yet
  call_list ended_;
  resumable_list yielded_;
  resumable_list without_descriptor_;
  std::atomic<std::size_t> descriptors_{0};
  std::atomic<std::uint64_t> releases_{0};
  std::atomic<std::int64_t> last_release_ns_{0};
  engine_floor::timers timers_;
  std::atomic<std::int64_t> armed_ns_{engine_floor::timers::never};
  std::unordered_set<poll_waiter*> watched_;
  std::atomic<bool> flush_wanted_{false};

  // Cancellation comes from any thread, in a confined engine too: a lock of its own.
  std::mutex cancel_mutex_;
  std::atomic<bool> cancels_waiting_{false};
  cancel_list cancelled_;

  backend::request* live_ = nullptr;
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::size_t> parked_{0};
  std::atomic<std::size_t> parked_bytes_{0};
  std::atomic<std::size_t> calls_{0};
  /// The slot that the calling thread used last, and the serial number of its engine.
  struct slot_of_engine {
    std::uint64_t engine = 0;
    thread_slot* slot = nullptr;
  };
  static thread_local constinit slot_of_engine latest_slot;
  const std::uint64_t serial_ = new_serial();
  /// Of a confined engine; else of threads that can have none.
  thread_slot own_slot_{!options_.concurrent};
  std::vector<std::shared_ptr<thread_slot>> slots_;
  std::atomic<std::uint64_t> inline_misses_{0};
  std::atomic<std::uint64_t> yields_{0};
  std::atomic<std::uint64_t> cancelled_calls_{0};
  std::atomic<std::uint64_t> longest_turn_ns_{0};
};

}  // namespace ringfiles::detail
