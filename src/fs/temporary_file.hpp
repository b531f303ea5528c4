// The file that is written beside another one to take its place.
//
// It holds a lock (flock(2)) on itself for as long as it exists under its own name. A process that
// is killed lets go of the lock, and the next writer of the same path removes what it has left.
// So there is never more of it than there were writers of one path at the same time; without that
// each kill would leave a file, for ever.
//
// SAFETY: one thread at a time. Writers of one path, in any processes, do not disturb each other.
#pragma once

#include <string>

#include "base/owned_fd.hpp"

namespace ringfiles::fs {

class temporary_file {
 public:
  /// Creates it, empty, in the folder of `path`. ERRORS: job_failure.
  temporary_file(const std::string& path, unsigned permissions);
  temporary_file(const temporary_file&) = delete;
  /// Removes it, unless replace() has moved it away.
  ~temporary_file();

  int descriptor() const noexcept { return file_.get(); }
  /// It becomes the file at `path`, and is closed. ERRORS: job_failure.
  void replace(const std::string& path);

 private:
  std::string name_;  ///< empty once it is gone
  base::owned_fd file_;
};

}  // namespace ringfiles::fs
