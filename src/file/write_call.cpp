#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "backend/request.hpp"
#include "file/calls.hpp"
#include "file/file_call.hpp"
#include "text/code_points.hpp"
#include "text/newlines.hpp"
#include "text/utf8.hpp"

namespace ringfiles::detail {
namespace {

/// As CPython's UnicodeEncodeError says it.
std::string describe(std::string_view encoding, const text::encode_failure& lacking) {
  char character[16];
  const auto point = static_cast<unsigned>(lacking.point);
  const char* const form = point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";
  std::snprintf(character, sizeof character, form, point);
  return "'" + std::string(encoding) + "' codec can't encode character '" + character +
         "' in position " + std::to_string(lacking.character) + ": " + lacking.reason;
}

/// What of a text that is not well-formed comes first.
std::string describe_malformed(std::string_view text, const text::utf8_scan& scan) {
  char byte[8];
  std::snprintf(byte, sizeof byte, "0x%02x", static_cast<unsigned char>(text[scan.valid]));
  return "the text has byte " + std::string(byte) + " in position " + std::to_string(scan.valid) +
         ": " + scan.reason;
}

/// Takes all of its data in one moment, so writes never interleave: into the buffer if it fits
/// there, else, once the buffer is empty, in a request of its own. What goes to the kernel before
/// the call ends, though it is small, takes the way through the buffer as well.
template <class T>
class write_call final : public file_call<T> {
 public:
  write_call(file_state& file, std::string_view data) noexcept : file_call<T>(file), data_(data) {}
  write_call(file_state& file, std::string&& data) noexcept
      : file_call<T>(file), owned_(std::move(data)), data_(owned_) {}
  write_call(file_state& file, shared_bytes data) noexcept
      : file_call<T>(file), owner_(std::move(data.owner)), data_(data.bytes) {}

  /// A call of no data, which is none: not even of the mark that a text begins with.
  static write_call* of_nothing(file_state& file) {
    auto* made = new write_call(file, std::string_view());
    made->phase_ = phase::nothing;
    return made;
  }

  progress attempt() override {
    if (phase_ == phase::nothing) return this->refused() ? progress::done : accept();
    if (phase_ == phase::writing) return progress::waiting;
    if (phase_ == phase::written) return finish();
    if (phase_ == phase::taken) return let_out();
    if (this->refused()) return progress::done;
    if (!file().about().mode.writable) return this->fail(errc::not_writable);
    file().prepare_to_write();
    if (phase_ == phase::fresh) {
      if (const failure_code refusal = prepare()) return this->fail(refusal);
    }
    if (file().has_drain_error()) return fail_drained();
    if (!file().writer().buffers(data_.size())) return write_through();
    return file().is_unbuffered() ? pass_buffer() : take_into_buffer();
  }

 private:
  enum class phase { nothing, fresh, prepared, taken, writing, written };

  file_state& file() noexcept { return this->file_; }
  const char* name() const noexcept override { return "write"; }
  std::string hint() const override { return hint_ ? *hint_ : std::string(); }

  void before_waiting() override {
    if (phase_ == phase::taken || data_.data() == owned_.data() || owner_) return;
    owned_ = data_;
    data_ = owned_;
  }

  /// Text must be UTF-8, and gets the file's newlines and encoding; what is counted is what the
  /// caller gave.
  failure_code prepare() {
    counted_ = data_.size();
    if (file().about().mode.text) {
      text::text_encoder* encoder = file().encoder();
      if (const failure_code refused = refuse_text(encoder == nullptr)) return refused;
      counted_ = text::count_characters(data_);
      ends_line_ = file().is_line_buffered() && data_.find_first_of("\r\n") != data_.npos;
      const newline mode = file().about().options.newline;
      if (mode == newline::crlf || mode == newline::cr) {
        owned_ = text::translate_for_writing(data_, mode);
        data_ = owned_;
      }
      if (encoder != nullptr && !encode(*encoder)) return errc::not_encodable;
    }
    phase_ = phase::prepared;
    return {};
  }

  /// Surrogates are text to an encoder, whose error handler decides about them.
  failure_code refuse_text(bool is_plain_utf8) {
    const text::utf8_scan scan = text::scan_utf8_final(data_);
    if (scan.malformed == 0) return {};
    const bool has_surrogates = text::is_utf8_with_surrogates(data_);
    if (has_surrogates && !is_plain_utf8) return {};
    if (!has_surrogates) return refuse(errc::not_utf8, describe_malformed(data_, scan));
    const std::string_view before = data_.substr(0, scan.valid);
    return refuse(errc::not_encodable,
                  describe("utf-8", {text::count_characters(before),
                                     text::first_code_point(data_.substr(scan.valid)).value,
                                     "surrogates not allowed"}));
  }
  failure_code refuse(errc code, std::string why) {
    hint_ = std::make_unique<std::string>(std::move(why));
    return code;
  }

  /// The mark stands where the file begins, even if no text follows it.
  bool encode(text::text_encoder& encoder) {
    std::string encoded;
    if (file().writer().end_position() == 0) encoded = encoder.mark();
    if (const auto lacking = encoder.encode(data_, encoded)) {
      hint_ = std::make_unique<std::string>(describe(file().about().codec->name, *lacking));
      return false;
    }
    owned_ = std::move(encoded);
    data_ = owned_;
    return true;
  }

  progress take_into_buffer() {
    auto& writer = file().writer();
    if (!writer.fits(data_.size())) {
      if (file().drain() == drain_result::failed) return fail_drained();
      // Both blocks are full: a writer faster than its disk gets larger ones, up to a bound; then
      // it waits.
      if (!writer.fits(data_.size()) && !std::exchange(grown_, true)) writer.grow(data_.size());
      if (!writer.fits(data_.size())) return progress::waiting;
    }
    writer.take(data_);
    this->core_->charge_copy(data_.size());
    this->core_->count(rung::buffer);
    if (ends_line_) return let_out();
    if (writer.full()) file().drain();
    return accept();
  }

  /// The block is a place to stay while the kernel takes the bytes, and nothing is behind them.
  progress pass_buffer() {
    switch (file().drain()) {
      case drain_result::waiting:
        return progress::waiting;
      case drain_result::failed:
        return fail_drained();
      case drain_result::idle:
        break;
    }
    file().writer().take(data_);
    return let_out();
  }

  /// What was taken is with the kernel when the call ends; if it is withdrawn, a little later.
  progress let_out() {
    if (std::exchange(phase_, phase::taken) != phase::taken)
      generation_ = base::process_generation();
    else if (generation_ != base::process_generation())
      return this->fail(errc::fork_interrupted);  // the parent writes it
    if (file().drain() == drain_result::waiting) return progress::waiting;
    return file().has_drain_error() ? fail_drained() : accept();
  }

  /// Without a buffer nothing stays behind to be tried again: who was told writes it anew.
  progress fail_drained() noexcept {
    if (file().is_unbuffered()) file().writer().forget();
    return this->fail(file().take_drain_error());
  }

  progress write_through() {
    switch (file().drain()) {
      case drain_result::waiting:
        return progress::waiting;
      case drain_result::failed:
        return fail_drained();
      case drain_result::idle:
        break;
    }
    if (!this->begun_) return progress::waiting;
    if (!file().seekable()) return pass_buffer();
    file().address(wanted_, opcode::write);
    wanted_.offset = file().writer().position();
    wanted_.set_buffer(const_cast<char*>(data_.data()), data_.size());
    wanted_.owner = this;
    wanted_.ended = request_ended;
    phase_ = phase::writing;
    this->running_ = true;
    this->add_reference();  // the request's
    file().request_started();
    file().submit(wanted_);
    return progress::waiting;
  }

  static void request_ended(backend::request& ended) noexcept {
    auto& self = *static_cast<write_call*>(ended.owner);
    {
      std::lock_guard lock(self.file().mutex());
      self.phase_ = phase::written;
      self.running_ = false;
      auto& writer = self.file().writer();
      writer.start_at(writer.position() + ended.moved);
      self.file().account_written(0);
      self.file().request_ended();
    }
    self.drop_reference();
  }

  progress finish() {
    if (wanted_.result >= 0) return accept();
    const std::error_code code = code_of(wanted_.result);
    if (this->settled_) file().defer_error(code);  // its caller was told "cancelled"
    return this->fail(code);
  }

  progress accept() {
    if constexpr (std::is_void_v<T>)
      return this->succeed();
    else
      return this->succeed(counted_);
  }

  void parked() noexcept override { this->core_->park(wanted_); }

  std::unique_ptr<std::string> hint_;
  std::string owned_;
  std::shared_ptr<const void> owner_;  ///< of memory that is shared with the caller
  std::string_view data_;              ///< in owned_, or the owner's, once the caller may go on
  std::size_t counted_ = 0;
  phase phase_ = phase::fresh;
  std::uint32_t generation_ = 0;  ///< of the process in which it was taken
  bool ends_line_ = false;
  bool grown_ = false;
  backend::request wanted_;
};

std::string joined(const std::vector<std::string>& lines) {
  std::size_t size = 0;
  for (const auto& line : lines) size += line.size();
  std::string text;
  text.reserve(size);
  for (const auto& line : lines) text += line;
  return text;
}

}  // namespace

operation<std::size_t> write_operation(file_state& file, std::string_view data) {
  return operation<std::size_t>(new write_call<std::size_t>(file, data));
}
operation<std::size_t> write_operation(file_state& file, std::string&& data) {
  return operation<std::size_t>(new write_call<std::size_t>(file, std::move(data)));
}
operation<std::size_t> write_operation(file_state& file, shared_bytes data) {
  return operation<std::size_t>(new write_call<std::size_t>(file, std::move(data)));
}
operation<void> writelines_operation(file_state& file, std::vector<std::string> lines) {
  if (lines.empty()) return operation<void>(write_call<void>::of_nothing(file));
  return operation<void>(new write_call<void>(file, joined(lines)));
}

}  // namespace ringfiles::detail
