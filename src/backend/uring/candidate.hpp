// io_uring as a candidate for choose.cpp.
#pragma once

#include <memory>

#include "backend/backend.hpp"
#include "ringfiles/backend.hpp"

namespace ringfiles::backend {

/// Tries a ring; false and the reason if it is refused.
bool uring_available(backend_refusal& refusal);
std::unique_ptr<backend> make_uring_backend(std::shared_ptr<wake_up> wake, bool concurrent);

}  // namespace ringfiles::backend
