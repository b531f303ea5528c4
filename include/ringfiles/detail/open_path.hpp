// For doors whose paths are strings already.
#pragma once

#include <string>
#include <string_view>

#include "ringfiles/file.hpp"

namespace ringfiles::detail {

/// As ringfiles::open(). A std::filesystem::path would be taken apart on the way, component by
/// component, which takes a twentieth of the time of a cached open.
operation<file> open_path(engine& engine, std::string path, std::string_view mode,
                          open_options options);

}  // namespace ringfiles::detail
