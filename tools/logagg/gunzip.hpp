// Reading gzip data a piece at a time: compressed bytes in, plain bytes out, no file, no waiting.
//
//     gunzip unzip;
//     for (;;) {
//       size_t n = unzip.produce(room);  // never more than `room`, however well it was compressed
//       if (n > 0) { use(n); continue; }
//       if (unzip.state() != gunzip::status::wants_input) break;  // done, or failed: see error()
//       more ? unzip.feed(bytes) : unzip.finish();
//     }
//
// Members that follow one another (rotated logs are joined with cat) are read as one, and zeros
// behind the last one (a tape's or a disk image's padding) are skipped, as gzip does. Damaged or
// cut-off data is an error, but everything before the damage has been delivered by then.
//
// SAFETY: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct z_stream_s;

namespace logagg {

class gunzip {
 public:
  enum class status {
    wants_input,  ///< feed() or finish() it
    has_output,   ///< produce() may give more
    done,         ///< the end, and a good one
    failed        ///< see error()
  };

  /// Does a file that begins with these bytes hold gzip data? Two bytes are enough to tell. Names
  /// are no guide: rotation leaves "app.log.1" compressed and "app.gz" plain.
  static bool is_gzip(std::string_view head) noexcept;

  /// ERRORS: std::bad_alloc.
  gunzip();
  gunzip(gunzip&&) noexcept = default;
  gunzip& operator=(gunzip&&) noexcept = default;
  ~gunzip() = default;

  /// The next compressed bytes. They are not copied: they have to live until the state is again
  /// wants_input. REQUIRES: state() is wants_input; less than 4 GiB.
  void feed(std::string_view compressed) noexcept;
  /// There are no more. REQUIRES: state() is wants_input.
  void finish() noexcept;

  /// Fills `room` from its beginning and returns how many bytes it wrote: 0 only if the state is no
  /// longer has_output, or `room` is empty. Never throws: errors become the state.
  std::size_t produce(std::span<char> room) noexcept;

  status state() const noexcept { return state_; }
  /// What is wrong with the data, as a sentence's part: "the compressed data are cut off".
  const std::string& error() const noexcept { return error_; }

 private:
  struct closer {
    void operator()(z_stream_s* stream) const noexcept;
  };

  void step() noexcept;
  void begin_member() noexcept;
  void inflate_some() noexcept;
  void fail(const char* reason) noexcept;

  std::unique_ptr<z_stream_s, closer> stream_;
  status state_ = status::wants_input;
  bool in_member_ = false;
  bool any_member_ = false;
  bool padding_ = false;  // zeros behind a member have been seen
  bool finished_ = false;
  std::string error_;
};

}  // namespace logagg
