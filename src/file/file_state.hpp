// An open file: its descriptor, the queue of calls on it, its buffers, what is in flight.
//
// Each call is tried when it is at the front of the queue: it looks into the buffers, and if they
// do not do, it has the file fill or drain them and waits; when that has ended, it is tried again.
// A call consumes bytes only in the moment in which it succeeds, so a call that is withdrawn
// (cancelled) leaves nothing half done. Fills belong to the file, not to the call that caused them:
// what they bring is there for whoever comes next.
//
// Locks: `mutex()` guards everything here; it comes before the engine's locks.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <system_error>

#include "backend/device.hpp"
#include "base/fork_guard.hpp"
#include "base/intrusive_queue.hpp"
#include "base/optional_mutex.hpp"
#include "engine/engine_core.hpp"
#include "file/decoded_text.hpp"
#include "file/open_mode.hpp"
#include "ringfiles/file.hpp"
#include "stream/read_buffer.hpp"
#include "stream/write_buffer.hpp"
#include "sys/calls.hpp"
#include "text/newlines.hpp"

namespace ringfiles::detail {

enum class progress {
  done,      ///< value or failure is set
  waiting,   ///< something is in flight that will have the call tried again
  detached,  ///< on its own now: the next call may go on
};

/// A call in the queue of its file.
class queued_call {
 public:
  /// REQUIRES: the file's lock; the call is at the front.
  virtual progress attempt() = 0;
  /// The attempt threw std::bad_alloc: ends the call with ENOMEM.
  virtual progress run_out_of_memory() noexcept = 0;
  /// Out of the queue, having ended or detached. REQUIRES: the file's lock.
  virtual void left_queue(progress how) noexcept = 0;
  queued_call* next_queued = nullptr;

 protected:
  ~queued_call() = default;
};

/// The codec of a text file, null where the bytes are the text. False: there is no such encoding.
bool find_file_codec(const encoding& wanted, text_errors errors,
                     const text::codec*& found) noexcept;

enum class fill_result { filled, at_end, waiting, failed };
enum class drain_result { idle, waiting, failed };

class file_state final : public resumable {
 public:
  struct opened {
    int fd;
    std::string path;
    std::string mode_words;
    open_mode mode;
    open_options options;
    sys::file_facts facts;
    const backend::device* on;
    bool close_descriptor = true;
    bool nonblocking = false;  ///< a regular file that was opened with O_NONBLOCK, and still has it
    const text::codec* codec = nullptr;  ///< of text; null: UTF-8, strict
  };
  file_state(std::shared_ptr<engine_core> core, opened what);
  ~file_state();
  static file make_handle(file_state* state) noexcept { return file(state); }
  static file_state* of(const file& handle) noexcept { return handle.state_; }

  // In a confined engine one thread counts, and a locked instruction would cost as much as a line.
  void add_reference() noexcept {
    if (core_->concurrent())
      references_.fetch_add(1, std::memory_order_relaxed);
    else
      references_.store(references_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void drop_reference() noexcept {
    if (references_.load(std::memory_order_acquire) == 1) {
      delete this;
    } else if (!core_->concurrent()) {
      references_.store(references_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    } else if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }
  /// The user's handle is gone: flush and close in the background.
  void handle_dropped() noexcept;

  base::optional_mutex& mutex() noexcept { return mutex_; }
  engine_core& core() const noexcept { return *core_; }
  const std::shared_ptr<engine_core>& shared_core() const noexcept { return core_; }
  const opened& about() const noexcept { return what_; }
  bool is_open() const noexcept { return what_.fd >= 0; }
  bool seekable() const noexcept { return what_.on->kind != backend::device_kind::stream; }
  bool is_unbuffered() const noexcept { return what_.options.buffering == buffering::none; }
  /// A stream may be shared: who has chosen a buffer finds no more than that read ahead. Its text
  /// is read in chunks, as CPython's is.
  bool has_bounded_fills() const noexcept {
    return what_.options.buffer_bytes > 0 && !what_.mode.text && !seekable();
  }
  bool is_line_buffered() const noexcept {
    return what_.options.buffering == buffering::lines && what_.mode.text;
  }

  // ---- The queue. All below REQUIRE the lock. ----
  bool has_queue() const noexcept { return !queue_.empty(); }
  void enqueue(queued_call& call) noexcept;
  /// Tries the calls at the front, one after the other, until one has to wait.
  void advance() noexcept;
  /// Takes a call out that will not be tried again. False if it is not there.
  bool dequeue(queued_call& call) noexcept;
  /// Within its attempt().
  bool is_trying(const queued_call& call) const noexcept { return &call == tried_; }
  void resume_work() noexcept override;
  /// The call at the front is tried again in the next turn: the budget of this one is spent.
  void go_on_next_turn() noexcept;

  // ---- Reading ----
  stream::read_buffer& reader() noexcept { return reader_; }
  /// Text in another encoding than UTF-8; null: the reader's bytes are what callers get.
  decoded_text* decoded() noexcept { return decoded_.get(); }
  /// What callers get.
  stream::read_buffer& readable() noexcept { return decoded_ ? decoded_->buffer() : reader_; }
  /// Gets more bytes into the buffer: at once if they are cached, else by a request in flight.
  fill_result fill();
  /// The same without a request, for who makes no call. False: nothing came.
  bool fill_at_once() noexcept;
  /// Reads cached bytes at the position without the detour through the buffer, which must be empty
  /// for it; 0 if that is not possible now.
  std::size_t read_past_buffer(std::span<std::byte> into, std::size_t most) noexcept;
  /// Nothing is buffered or on its way there, so a request may read at the position.
  bool can_pass_buffer() const noexcept {
    return reader_.empty() && fill_ == nullptr && seekable();
  }
  /// The fills that follow bring no more than that many bytes.
  void limit_fills(std::size_t most) noexcept { most_filled_ = most; }
  failure_code take_fill_error() noexcept { return std::exchange(fill_error_, {}); }
  /// Reading starts at the logical position; buffered writes come first.
  drain_result prepare_to_read();
  /// Text: all buffered bytes before this offset (from the buffer's front) are well-formed.
  std::size_t& checked() noexcept { return checked_; }
  std::size_t& line_scan() noexcept { return line_scan_; }
  /// Of all text that was found well-formed, or decoded.
  text::line_end_kinds& line_ends_met() noexcept { return line_ends_met_; }
  const text::line_end_kinds& line_ends_met() const noexcept { return line_ends_met_; }
  /// Takes bytes off the front for a caller.
  void consume(std::size_t count) noexcept;
  /// Gives back bytes that a withdrawn call had taken off the front.
  void give_back(std::string_view bytes) noexcept;
  void forget_buffered(std::uint64_t position) noexcept;
  /// The file changed under what was read ahead of the position.
  void forget_read_ahead() noexcept;

  // ---- Writing ----
  stream::write_buffer& writer() noexcept { return writer_; }
  /// Makes of text what is written for it; null: that is the text itself.
  text::text_encoder* encoder() noexcept { return encoder_.get(); }
  /// Writes out what is buffered; `failed` hands over the deferred error.
  drain_result drain() noexcept;
  bool writing() const noexcept { return writing_; }
  bool has_drain_error() const noexcept { return static_cast<bool>(drain_error_); }
  failure_code take_drain_error() noexcept { return std::exchange(drain_error_, {}); }
  void defer_error(failure_code code) noexcept { drain_error_ = code; }
  /// Writing starts at the logical position; what was read ahead is forgotten.
  void prepare_to_write() noexcept;

  std::uint64_t position() noexcept { return exact_place().byte; }
  void set_position(std::uint64_t position) noexcept;
  /// Where it stands; cheap, but exact only if nothing is decoded.
  file_place place() const noexcept {
    if (writing_) return {writer_.end_position()};
    return decoded_ ? decoded_->place(reader_) : file_place{reader_.position()};
  }
  /// `place` was place(), and nothing has left the reader since.
  file_place exact(const file_place& place) noexcept {
    return decoded_ && !writing_ ? decoded_->exact(reader_, place) : place;
  }
  file_place exact_place() noexcept { return exact(place()); }
  /// REQUIRES: an exact place.
  void go_to(const file_place& place) noexcept;
  /// Bytes of the writer are in the file. REQUIRES: the lock.
  void account_written(std::size_t count) noexcept {
    writer_.written(count);
    appended_ = what_.mode.append;
  }

  // ---- Requests of calls on this file ----
  /// Fills in what all requests on this file share.
  void address(backend::request& wanted, opcode code) noexcept;
  /// REQUIRES: the lock.
  void submit(backend::request& wanted) noexcept {
    settle_flags();
    core_->submit(wanted);
  }
  /// The descriptor is as open(2) was asked for. Inline service does not need that, io_uring does:
  /// it would fail instead of waiting for the disk. REQUIRES: the lock.
  void settle_flags() noexcept {
    if (std::exchange(what_.nonblocking, false)) sys::set_status_flags(what_.fd, what_.mode.flags);
  }
  void request_started() noexcept { ++in_flight_; }
  /// REQUIRES: the lock. Calls that wait for quiet are tried again.
  void request_ended() noexcept {
    --in_flight_;
    advance();
  }
  /// Barriers in the queue: positional calls that come later wait for them.
  void barrier_entered() noexcept { ++barriers_; }
  void barrier_left() noexcept { --barriers_; }
  bool has_barrier() const noexcept { return barriers_ > 0; }
  /// Nothing but read-ahead is in flight.
  bool quiet() const noexcept { return in_flight_ == 0; }
  bool reading_ahead() const noexcept { return fills_in_flight_ > 0; }

  // ---- Closing ----
  bool closing() const noexcept { return closing_; }
  void start_closing() noexcept { closing_ = true; }
  /// Writes and closes on this thread. REQUIRES: the engine has ended.
  failure_code close_without_engine() noexcept;
  /// Lets go of read-ahead. What is in flight keeps its memory, and the descriptor, until it ends.
  void stop_reading_ahead() noexcept;
  /// Calls that are kept for the next time (thread_slot.hpp) may keep this object for a while.
  void closed() noexcept {
    if (std::exchange(what_.fd, -1) >= 0) core_->descriptor_released();
    reader_.reset(reader_.position());
    if (decoded_) decoded_->start_anew(0);
    writer_.release();
  }

  failure_code sync_error() const noexcept { return sync_error_; }
  void set_sync_error(failure_code code) noexcept { sync_error_ = code; }

 private:
  /// A chunk that is being read, or has been and was not asked for yet.
  struct fill_slot {
    backend::request wanted;
    base::block chunk;
    file_state* file = nullptr;
    bool ready = false;
    bool orphaned = false;  ///< the file moved elsewhere: nobody wants these bytes
  };
  struct drain_slot {
    backend::request wanted;
  };

  void leave_to_parent() noexcept;
  bool tries_inline() noexcept;
  std::size_t most_inline() const noexcept;
  std::size_t chunk_bytes() const noexcept;
  fill_result fill_inline();
  fill_result fill_later();
  fill_result accept_chunk();
  fill_result found_end() noexcept;
  bool wait_until_ready(std::uint32_t events) noexcept;
  static void fill_ended(backend::request& ended) noexcept;
  static void drain_ended(backend::request& ended) noexcept;
  static void became_ready(void* self) noexcept;
  bool drain_inline(backend::request& wanted) noexcept;
  void drain_behind() noexcept;
  void find_end_of_appended() noexcept;
  void account_drained(const backend::request& ended) noexcept;
  std::unique_ptr<drain_slot> take_drain(const backend::request& ended) noexcept;
  failure_code write_without_engine() noexcept;

  std::shared_ptr<engine_core> core_;
  opened what_;
  std::atomic<std::uint32_t> references_{1};
  base::optional_mutex mutex_;
  base::intrusive_queue<queued_call, &queued_call::next_queued> queue_;
  const queued_call* tried_ = nullptr;  ///< by advance(), now
  bool advancing_ = false;

  stream::read_buffer reader_;
  std::unique_ptr<decoded_text> decoded_;
  std::unique_ptr<text::text_encoder> encoder_;
  fill_slot* fill_ = nullptr;  ///< owned here, or by the request once orphaned
  failure_code fill_error_;
  std::size_t checked_ = 0;
  std::size_t line_scan_ = 0;
  text::line_end_kinds line_ends_met_;
  unsigned misses_ = 0;    ///< inline attempts in a row that would have waited
  unsigned skipped_ = 0;   ///< fills since the last inline attempt
  bool in_order_ = false;  ///< a whole chunk was cached, and nothing has moved since
  bool missed_ = false;    ///< the fill that follows need not try inline once more
  unsigned growth_ = 0;    ///< chunks doubled this often
  std::size_t most_filled_ = all;

  stream::write_buffer writer_;
  std::unique_ptr<drain_slot> drain_;
  std::unique_ptr<drain_slot> next_drain_;  ///< follows it on the same thread
  failure_code drain_error_;
  bool writing_ = false;
  std::uint32_t generation_ = base::process_generation();  ///< of the process that buffers
  bool appended_ = false;  ///< the kernel put bytes at the end, which is not where writer_ thinks

  std::unique_ptr<poll_waiter> poll_;
  std::size_t in_flight_ = 0;
  std::size_t fills_in_flight_ = 0;
  std::size_t barriers_ = 0;
  bool closing_ = false;
  failure_code sync_error_;
};

}  // namespace ringfiles::detail
