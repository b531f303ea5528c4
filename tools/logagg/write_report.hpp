// The report on its way out, a chunk at a time: at no moment is more than a few of them in memory.
#pragma once

#include <ringfiles/ringfiles.hpp>
#include <string>

#include "logagg/report.hpp"

namespace logagg {

/// Into the file at `path`, in one step: into a temporary file beside it, which is synced and then
/// takes its place. So whoever looks, also after a power failure, sees the old report or the new
/// one, whole. A symbolic link stays, and leads to the new report. What is there and is no regular
/// file (a FIFO, a terminal, /dev/null) is written to.
/// ERRORS: ringfiles::error for `path`; then the old report is still there and nothing beside it.
ringfiles::task<> write_report(report out, std::string path);

/// To the standard output. False when nobody reads any more, or the disk is full.
bool print_report(report out);

}  // namespace logagg
