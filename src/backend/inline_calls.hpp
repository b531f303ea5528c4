// Rung 1: system calls on the loop's own thread, made only where they cannot wait.
#pragma once

#include <cstdint>

#include "backend/request.hpp"

namespace ringfiles::backend {

/// The kernel's side of backend::try_inline, shared by uring/ and threads/.
std::int64_t call_inline(request& wanted) noexcept;

/// An open that finds its way in caches only (RESOLVE_CACHED) and ends at a regular file on a local
/// or memory file system; a descriptor, `would_wait`, or the reason why no open could succeed.
std::int64_t open_inline(request& wanted) noexcept;

/// close(2) on this thread, if that cannot wait: nothing to write back, nothing to delete.
std::int64_t close_inline(const request& wanted) noexcept;

}  // namespace ringfiles::backend
