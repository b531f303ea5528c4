// logagg: the wanted lines of many logs, in one report, ordered by time.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <ringfiles/ringfiles.hpp>
#include <string>
#include <variant>

#include "logagg/collect.hpp"
#include "logagg/options.hpp"
#include "logagg/report.hpp"
#include "logagg/write_report.hpp"

namespace {

using logagg::exit_status;

void show_progress(std::size_t done, std::size_t all) {
  fmt::print(stderr, "\rlogagg: {} of {} files{}", done, all, done == all ? "\r\033[K" : "");
}

void print_stats(const logagg::totals& sums) {
  using ringfiles::rung;
  const double seconds = std::chrono::duration<double>(sums.elapsed).count();
  const auto served = [&](rung which) { return sums.served[static_cast<std::size_t>(which)]; };
  fmt::print(stderr, "logagg: {} files, {} lines, {:.1f} MB in {:.3f} s: {:.1f} MB/s\n", sums.files,
             sums.lines, static_cast<double>(sums.bytes) / 1e6, seconds,
             static_cast<double>(sums.bytes) / 1e6 / seconds);
  fmt::print(stderr, "logagg: {} loops, none held for longer than {:.2f} ms\n", sums.loops,
             std::chrono::duration<double, std::milli>(sums.longest_turn).count());
  fmt::print(stderr, "logagg: served inline {}, by the ring {}, by the pool {}\n",
             served(rung::inlined), served(rung::ring), served(rung::pool));
  fmt::print(stderr, "{}", ringfiles::describe(ringfiles::backend_report()));
}

exit_status outcome(const logagg::collection& found) {
  if (!found.failures.empty())
    return found.sums.files == 0 ? exit_status::error : exit_status::partial;
  return found.sums.entries == 0 ? exit_status::none : exit_status::found;
}

exit_status aggregate(const logagg::options& wanted) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  auto found = logagg::collect(wanted, terminal ? show_progress : nullptr);
  for (const auto& failure : found.failures)
    fmt::print(stderr, "logagg: {}: {}\n", failure.path, failure.reason);
  const exit_status status = outcome(found);
  if (wanted.stats) print_stats(found.sums);
  logagg::report report(std::move(found.entries), std::move(found.sources), wanted.format);
  if (wanted.report_path) {
    ringfiles::run(logagg::write_report(std::move(report), *wanted.report_path));
  } else if (!logagg::print_report(std::move(report))) {
    fmt::print(stderr, "logagg: the report could not be written to the standard output\n");
    return exit_status::error;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = logagg::parse_options(argc, argv, std::cout, std::cerr);
  if (const auto* ended = std::get_if<exit_status>(&parsed)) return static_cast<int>(*ended);
  try {
    return static_cast<int>(aggregate(std::get<logagg::options>(parsed)));
  } catch (const std::exception& problem) {
    fmt::print(stderr, "logagg: {}\n", problem.what());
    return static_cast<int>(exit_status::error);
  }
}
