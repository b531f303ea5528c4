// Everything but the foreign doors. Boost.Asio programs include <ringfiles/asio.hpp> as well.
#pragma once

#include "ringfiles/backend.hpp"
#include "ringfiles/engine.hpp"
#include "ringfiles/error.hpp"
#include "ringfiles/file.hpp"
#include "ringfiles/fs.hpp"
#include "ringfiles/lines.hpp"
#include "ringfiles/memory.hpp"
#include "ringfiles/newline.hpp"
#include "ringfiles/operation.hpp"
#include "ringfiles/scan.hpp"
#include "ringfiles/source.hpp"
#include "ringfiles/statistics.hpp"
#include "ringfiles/status.hpp"
#include "ringfiles/task.hpp"
