// From what the user named to the files to read.
#pragma once

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
  std::vector<std::string> files;  ///< in the order in which they were named, each once
  std::vector<failure> failures;
};

/// Folders give all regular files below them, patterns all regular files that match, sorted; other
/// paths are taken as they are, so that a FIFO can be read and a missing file is reported.
ringfiles::task<input_list> expand_inputs(std::vector<std::string> inputs);

}  // namespace logagg
