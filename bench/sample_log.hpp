// The files that the benchmarks read and write.
#pragma once

#include <string>

/// A log of 80 MB, ASCII, 78 bytes a line, in the page cache. It is made once per process, with
/// large writes, so that the kernel caches it in large folios, as it does for files that it reads
/// ahead; a log in 4 KiB folios is copied at a quarter of the speed, by everybody.
const std::string& sample_log();

/// A path for a benchmark to write to; removed when the process ends.
std::string scratch_file(const std::string& name);
