// Reading with a scanner: for parsers and doors that take bytes in a way of their own.
//
//   struct record_scanner : ringfiles::scanner { … take() says how much of the bytes it uses … };
//   auto done = co_await ringfiles::scan(file, std::make_unique<record_scanner>());
//
// A scan is one call on the file: it has its place in the file's queue, however many chunks it
// needs. It is shown what is at hand, takes what it can use and says whether that was enough.
// A scan that is cancelled or fails has consumed nothing: the next call starts where it did.
//
// What take(), expect() or filled() throw, the awaiting side meets; that scan has failed, too.
//
// SAFETY: the scanner belongs to the call until the call has ended. take(), expect() and filled()
// run on the thread that awaits, or in a turn of the engine; work() on a thread of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "ringfiles/file.hpp"
#include "ringfiles/operation.hpp"

namespace ringfiles {

enum class scan_verdict {
  ended,   ///< it has what it wants
  more,    ///< it wants to see more bytes, or that there are none
  direct,  ///< it wants room() to be filled
  work,    ///< it wants work() to run
};

class scanner {
 public:
  virtual ~scanner() = default;

  /// `bytes` are at the position; it sets `used` to how many of them it takes. `final`: nothing
  /// follows them, so the scan ends here, or once work() has run.
  virtual scan_verdict take(std::string_view bytes, bool final, std::size_t& used) = 0;

  /// Whether expect() is to be called, before anything else: it costs a system call.
  virtual bool wants_size() const noexcept { return false; }
  /// The file reaches this many bytes beyond the position. It may change; 0 may mean "not known".
  virtual void expect(std::uint64_t bytes) { static_cast<void>(bytes); }

  /// Memory that the next bytes may be read into, past the file's buffer. It must stay until the
  /// scanner is destroyed, which happens only when the kernel has let go of it.
  virtual std::span<char> room() noexcept { return {}; }
  /// The first `bytes` of room() are filled.
  virtual void filled(std::size_t bytes) { static_cast<void>(bytes); }

  /// Long work that must not hold the loop; take() is called again when it has ended.
  virtual void work() noexcept {}

 protected:
  scanner() = default;
  scanner(const scanner&) = default;
  scanner& operator=(const scanner&) = default;
};

/// Reads at the position until the scanner has enough, and gives it back. read(2), preadv2(2).
/// ERRORS: as file::read(); errc::text_mode unless the file was opened in binary mode.
operation<std::unique_ptr<scanner>> scan(file& from, std::unique_ptr<scanner> by);

}  // namespace ringfiles
