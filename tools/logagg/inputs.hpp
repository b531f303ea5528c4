// From what the user named to the files to read.
#pragma once

#include <cstddef>
#include <ringfiles/ringfiles.hpp>
#include <string>
#include <vector>

namespace logagg {

/// An input that could not be read, or not to its end.
struct failure {
  std::string path;
  std::string reason;
};

struct input_list {
  std::vector<std::string> files;          ///< in the order in which they were named
  std::vector<std::size_t> largest_first;  ///< into `files`: what takes longest begins first
  std::vector<failure> failures;
};

/// Folders give all regular files below them, patterns all regular files that match, sorted; other
/// paths are taken as they are, so that a FIFO can be read and a missing file is reported. A
/// pattern without a match is a failure. A file that is named twice, also by symbolic or hard links
/// (its device and inode tell), is in the list once, under the name that came first.
ringfiles::task<input_list> expand_inputs(std::vector<std::string> inputs);

}  // namespace logagg
