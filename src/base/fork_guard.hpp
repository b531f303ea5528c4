// Which generation of the process this is: rings, threads and locks are not inherited by fork(2).
#pragma once

#include <cstdint>

namespace ringfiles::base {

/// 0 in the process that loaded the library, one more in a forked child of it, and so on. A plain
/// load: cheap enough for every call. vfork and raw clone are not noticed; they must exec anyway.
std::uint32_t process_generation() noexcept;

}  // namespace ringfiles::base
