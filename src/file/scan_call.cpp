#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <utility>

#include "file/calls.hpp"
#include "file/read_calls.hpp"
#include "ringfiles/scan.hpp"

namespace ringfiles {
namespace detail {
namespace {

/// Below this, filling the file's buffer serves the calls to come as well.
constexpr std::size_t least_request_bytes = 256 * 1024;

class scan_call final : public read_call<std::unique_ptr<scanner>> {
 public:
  scan_call(file_state& file, std::unique_ptr<scanner> by) noexcept
      : read_call(file), scanner_(std::move(by)) {}

 private:
  const char* name() const noexcept override { return "read"; }

  verdict take(std::string_view window, bool, bool final) override {
    if (file_.about().mode.text) {
      fail(errc::text_mode);
      return verdict::ended;
    }
    try {
      return ask(window, final);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (...) {
      exception_ = std::current_exception();
      give_back();
      return verdict::ended;
    }
  }

  verdict ask(std::string_view window, bool final) {
    if (wants_work_) return work();
    if (arrived_ > 0) scanner_->filled(std::exchange(arrived_, 0));
    if (!std::exchange(expected_, true) && scanner_->wants_size()) scanner_->expect(bytes_left());
    std::size_t used = 0;
    const scan_verdict said = scanner_->take(window, final, used);
    if (settled_) return give_back(), verdict::ended;  // withdrawn by what the scanner did
    if (used > 0) consume(used);
    wants_room_filled_ = said == scan_verdict::direct;
    // At the end there is nothing more, whatever it says: asking again would never end.
    switch (final && said != scan_verdict::work ? scan_verdict::ended : said) {
      case scan_verdict::ended:
        succeed(std::move(scanner_));
        return verdict::ended;
      case scan_verdict::more:
        return verdict::more;
      case scan_verdict::direct:
        return read_directly() ? verdict::elsewhere : verdict::more;
      case scan_verdict::work:
        return work();
    }
    return verdict::more;
  }

  /// The scanner is not asked again before its work has run: it has taken the bytes.
  verdict work() {
    wants_work_ = !request(opcode::job);
    return verdict::elsewhere;
  }

  /// Where the size is not to be had at once, what it was when the file was opened.
  std::uint64_t bytes_left() {
    if (!file_.seekable()) return 0;
    backend::request wanted;
    file_.address(wanted, opcode::size);
    const std::int64_t now = core_->try_inline(wanted);
    const std::uint64_t size =
        now >= 0 ? static_cast<std::uint64_t>(now) : file_.about().facts.size;
    return size > file_.position() ? size - file_.position() : 0;
  }

  // What is cached and not large is copied once, straight to the scanner, here and now.
  bool take_directly() override {
    if (!wants_room_filled_) return false;
    const std::span<char> room = scanner_->room();
    const std::size_t count =
        file_.read_past_buffer(std::as_writable_bytes(room), engine_floor::max_inline_bytes);
    if (count == 0) return false;
    note_taken(count);
    arrived_ = count;
    return true;
  }

  /// False: through the buffer, or take_directly().
  bool read_directly() {
    if (fell_short_ || scanner_->room().size() < least_request_bytes || !file_.can_pass_buffer())
      return false;
    request(opcode::read);
    return true;
  }

  /// False: only once somebody waits for it. Until then the call is tried.
  bool request(opcode code) {
    if (!begun_) return false;
    file_.address(wanted_, code);
    wanted_.owner = this;
    wanted_.ended = ended;
    if (code == opcode::read) {
      const std::span<char> room = scanner_->room();
      wanted_.offset = file_.position();
      wanted_.set_buffer(room.data(), room.size());
    } else {
      wanted_.run = [](backend::request& job) noexcept {
        static_cast<scan_call*>(job.owner)->scanner_->work();
        job.result = 0;
      };
    }
    running_ = true;
    add_reference();  // the request's
    file_.request_started();
    file_.submit(wanted_);
    return true;
  }

  static void ended(backend::request& request) noexcept {
    auto& self = *static_cast<scan_call*>(request.owner);
    {
      std::lock_guard lock(self.file_.mutex());
      self.running_ = false;
      if (request.result < 0)
        self.request_failed(code_of(request.result));
      else if (request.code == opcode::read && !self.settled_)
        self.account_read(request.moved);
      self.file_.request_ended();
    }
    self.drop_reference();
  }

  // The scanner is told when it is asked again: what it throws is for the caller.
  void account_read(std::size_t count) noexcept {
    // The call before it has given back what nobody had got: it reads anew, from there.
    if (file_.position() != wanted_.offset) return;
    fell_short_ = count < wanted_.size;  // at the end of the file, as a rule: the buffer will tell
    file_.forget_buffered(file_.position() + count);
    note_taken(count);
    arrived_ = count;
  }

  void parked() noexcept override {
    core_->park(wanted_);
    core_->cancel(wanted_);
  }

  std::unique_ptr<scanner> scanner_;
  backend::request wanted_;
  std::size_t arrived_ = 0;  ///< bytes in room() that it does not know of
  bool wants_room_filled_ = false;
  bool wants_work_ = false;
  bool expected_ = false;
  bool fell_short_ = false;
};

}  // namespace

}  // namespace detail

operation<std::unique_ptr<scanner>> scan(file& from, std::unique_ptr<scanner> by) {
  detail::file_state& file = detail::require_state(from, "read");
  return operation<std::unique_ptr<scanner>>(new detail::scan_call(file, std::move(by)));
}

}  // namespace ringfiles
