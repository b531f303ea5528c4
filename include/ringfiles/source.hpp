// Writing from a source: many portions as one call, made while they are written.
//
// The call has its place in the file's queue for as long as it takes, so nothing comes between two
// portions; and the loop's other work does, since portions are asked for only while the turn's
// inline budget lasts.
//
// SAFETY: the source belongs to the call until the call has ended. next() runs on the thread that
// awaits, or in a turn of the engine.
#pragma once

#include <memory>
#include <string_view>

#include "ringfiles/file.hpp"
#include "ringfiles/operation.hpp"

namespace ringfiles {

class source {
 public:
  virtual ~source() = default;
  /// Sets `portion` to the bytes that follow, which must stay until it is asked again; false when
  /// there are none. Portions of some 64 KiB are best. Raw bytes, in text mode as well. An empty
  /// one means "not yet": it is asked again, in a later turn if the budget of this one is spent.
  virtual bool next(std::string_view& portion) = 0;

 protected:
  source() = default;
  source(const source&) = default;
  source& operator=(const source&) = default;
};

/// Writes all portions, and gives the source back. Cancelled once a portion was taken, it goes on
/// to the end without its caller. write(2).
/// ERRORS: as file::write(), and what next() throws; then the portions up to some point are
/// written, and no others. errc::fork_interrupted in a child that was forked between two portions.
operation<std::unique_ptr<source>> write_from(file& to, std::unique_ptr<source> from);

}  // namespace ringfiles
