// Whole files, folders and blocking work: each call is one job, one hop.
//
// These run as a single job in the pool, however many system calls they need, so they cost one
// wake-up of the loop. The whole library of path operations grows here, one small file each.
//
// ERRORS: ringfiles::error. Cancellation: the caller gets control back; the job runs to its end.
// SAFETY: any thread that has a current engine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ringfiles/operation.hpp"
#include "ringfiles/status.hpp"

namespace ringfiles {

struct write_options {
  /// Write a temporary file beside it, sync, rename over, sync the folder: after a crash the path
  /// holds all of the old content or all of the new, and the new once the call has ended. Costs two
  /// syncs. A process that is killed may leave the temporary file (PATH.ringfiles-0; higher numbers
  /// for writers of one path at the same time); the next atomic write of this path removes it.
  bool atomic = false;
  unsigned permissions = 0666;
};

/// The whole file, as bytes.
operation<std::string> read_bytes(std::filesystem::path path);
/// Replaces the whole file.
operation<void> write_bytes(std::filesystem::path path, std::string bytes,
                            write_options options = {});

struct glob_failure {
  std::string path;
  int number;  ///< errno
};
struct glob_result {
  std::vector<std::string> paths;  ///< sorted
  std::vector<glob_failure> failures;
};
/// Paths that match `pattern` as Python's glob.glob(recursive=True) finds them: `*`, `?`, `[…]`,
/// `**`. A pattern without wildcards is given back as it is. A folder that cannot be read is named
/// among the failures and the rest goes on.
operation<glob_result> glob(std::string pattern);
/// All regular files below a folder, sorted.
operation<glob_result> list_files(std::filesystem::path folder);

/// What is at `path`, following links. stat(2).
operation<file_status> status(std::filesystem::path path);
operation<void> remove(std::filesystem::path path);
operation<void> rename(std::filesystem::path from, std::filesystem::path to);

/// Runs a blocking or long function in the pool. What it throws is thrown at the co_await.
operation<void> offload(std::function<void()> work);

}  // namespace ringfiles
