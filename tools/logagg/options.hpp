// The command line of logagg.
//
// SAFETY: any thread; nothing is kept between calls.
#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "logagg/match.hpp"
#include "logagg/report.hpp"

namespace logagg {

inline constexpr const char* version = LOGAGG_VERSION;  ///< of the project, from CMake

/// What the process ends with. Like grep's, with one more for a report that is not whole.
enum class exit_status {
  found = 0,
  none = 1,     ///< no line is wanted
  error = 2,    ///< the command line, or no report could be written, or no input could be read
  partial = 3,  ///< a report was written, but some of the input could not be read
};

struct options {
  /// As given: files, folders (all regular files below) and patterns (fs/glob).
  std::vector<std::string> inputs;
  std::optional<std::string> report_path;  ///< nothing: the standard output
  report_format format = report_format::text;
  filter_options filter;
  /// Files read at the same time, at most. Enough to keep a disk's queue filled, and far from the
  /// usual limit of 1024 open files.
  unsigned jobs = default_jobs;
  bool stats = false;
  std::chrono::seconds zone_offset{0};  ///< of timestamps that name no zone

  static constexpr unsigned default_jobs = 64;
  static constexpr unsigned jobs_max = 1024;
};

/// The options, or the status to end with: help and version go to `out`, what is wrong to `err`.
/// An expression that is none, or a word that is none, is found here, before any file is read.
std::variant<options, exit_status> parse_options(int argc, const char* const* argv,
                                                 std::ostream& out, std::ostream& err);

}  // namespace logagg
