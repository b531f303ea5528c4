// Reading one log, plain or compressed, and scanning it block by block.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ringfiles/ringfiles.hpp>
#include <string>
#include <vector>

#include "logagg/entry.hpp"
#include "logagg/line_blocks.hpp"
#include "logagg/match.hpp"

namespace logagg {

struct file_result {
  entry_run found;                     ///< in the report's order
  std::uint64_t lines = 0;             ///< if they were to be counted
  std::uint64_t bytes = 0;             ///< read from the file, compressed or not
  std::optional<std::string> failure;  ///< what is wrong; the entries before it are there
  bool opened = false;
};

/// What is the same for all files.
struct reading {
  const line_filter& filter;
  std::chrono::seconds zone_offset;
  line_numbers numbers;
};

/// Never throws but for lack of memory: what goes wrong is in the result.
ringfiles::task<file_result> read_file(std::string path, std::size_t file_index, const reading& how,
                                       spare_blocks& spare);

}  // namespace logagg
