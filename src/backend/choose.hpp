// The one place where the back end is chosen.
#pragma once

#include <memory>

#include "backend/backend.hpp"
#include "ringfiles/engine.hpp"

namespace ringfiles::backend {

std::unique_ptr<backend> make_backend(const engine_options& options, std::shared_ptr<wake_up> wake);

}  // namespace ringfiles::backend
