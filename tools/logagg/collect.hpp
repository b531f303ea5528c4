// Reading all inputs at once, on as many loops as there are processors.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ringfiles/ringfiles.hpp>
#include <string>
#include <vector>

#include "logagg/entry.hpp"
#include "logagg/inputs.hpp"
#include "logagg/options.hpp"

namespace logagg {

/// What --stats prints.
struct totals {
  std::size_t files = 0;    ///< opened
  std::size_t entries = 0;  ///< found
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds elapsed{0};
  std::chrono::nanoseconds longest_turn{0};  ///< the longest time that a loop was held
  std::array<std::uint64_t, ringfiles::rung_count> served{};
  unsigned loops = 0;
};

struct collection {
  std::vector<std::string> sources;
  std::vector<entry_run> entries;  ///< those of each file, in the report's order
  std::vector<failure> failures;
  totals sums;
};

/// Shows how far it is; called from several threads.
using progress_callback = void (*)(std::size_t files_done, std::size_t files_in_all);

/// ERRORS: ringfiles::error when no engine can be made; std::bad_alloc.
collection collect(const options& wanted, progress_callback progress);

}  // namespace logagg
