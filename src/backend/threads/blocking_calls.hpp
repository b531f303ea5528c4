// Rung 3: the same operations as plain blocking calls, for pool threads.
#pragma once

#include "backend/request.hpp"

namespace ringfiles::backend {

/// Serves the request on this thread, however long it takes, and sets `result`.
void call_blocking(request& wanted) noexcept;

}  // namespace ringfiles::backend
