#include "logagg/collect.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "logagg/loop.hpp"
#include "logagg/read_file.hpp"

namespace logagg {
namespace {

using ringfiles::task;

/// What the loops share: which file is next. Each file's result has a place of its own.
struct shared_work {
  const reading& how;
  const input_list& inputs;
  std::vector<file_result>& results;
  progress_callback progress;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
};

task<> read_one(shared_work& work, std::size_t index, spare_blocks& spare) {
  work.results[index] = co_await read_file(work.inputs.files[index], index, work.how, spare);
  const std::size_t done = work.done.fetch_add(1) + 1;
  if (work.progress != nullptr) work.progress(done, work.inputs.files.size());
}

struct loop_outcome {
  ringfiles::statistics stats;
  std::exception_ptr thrown;
};

/// One loop and its share of the files that are read at the same time.
void run_loop(shared_work& work, std::size_t jobs, loop_outcome& outcome) noexcept {
  spare_blocks spare;
  const auto next = [&]() -> std::optional<task<>> {
    const std::size_t place = work.next.fetch_add(1);
    if (place >= work.inputs.files.size()) return std::nullopt;
    return read_one(work, work.inputs.largest_first[place], spare);
  };
  try {
    outcome.stats = loop::run(next, jobs);
  } catch (...) {
    outcome.thrown = std::current_exception();
  }
}

std::vector<loop_outcome> run_loops(shared_work& work, std::size_t jobs_wanted) {
  const std::size_t files = work.inputs.files.size();
  const std::size_t jobs = std::clamp<std::size_t>(jobs_wanted, 1, std::max<std::size_t>(files, 1));
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t loops = std::min(processors, jobs);
  std::vector<loop_outcome> outcomes(loops);
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < loops; ++i)
    threads.emplace_back([&, i] { run_loop(work, jobs / loops, outcomes[i]); });
  run_loop(work, jobs - (loops - 1) * (jobs / loops), outcomes[0]);
  for (auto& thread : threads) thread.join();
  for (const auto& outcome : outcomes)
    if (outcome.thrown) std::rethrow_exception(outcome.thrown);
  return outcomes;
}

void add_loop(totals& sums, const ringfiles::statistics& stats) {
  const auto longest = std::chrono::nanoseconds(stats.longest_turn_ns);
  sums.longest_turn = std::max(sums.longest_turn, longest);
  for (std::size_t i = 0; i < sums.served.size(); ++i) sums.served[i] += stats.served[i];
  ++sums.loops;
}

void add_file(collection& into, const std::string& path, file_result result) {
  into.sums.files += result.opened ? 1 : 0;
  into.sums.entries += result.found.entries.size();
  into.sums.lines += result.lines;
  into.sums.bytes += result.bytes;
  if (result.failure) into.failures.push_back({path, std::move(*result.failure)});
  into.entries.push_back(std::move(result.found));
}

/// A text report shows no numbers.
line_numbers numbers_for(const options& wanted) noexcept {
  const bool shown = wanted.format == report_format::json || wanted.stats;
  return shown ? line_numbers::counted : line_numbers::left_out;
}

}  // namespace

collection collect(const options& wanted, progress_callback progress) {
  const auto start = std::chrono::steady_clock::now();
  const line_filter filter(wanted.filter);
  const reading how{filter, wanted.zone_offset, numbers_for(wanted)};
  input_list inputs = ringfiles::run(expand_inputs(wanted.inputs));
  std::vector<file_result> results(inputs.files.size());
  shared_work work{how, inputs, results, progress};
  collection found;
  for (const auto& outcome : run_loops(work, wanted.jobs)) add_loop(found.sums, outcome.stats);
  found.failures = std::move(inputs.failures);
  for (std::size_t i = 0; i < results.size(); ++i)
    add_file(found, inputs.files[i], std::move(results[i]));
  found.sources = std::move(inputs.files);
  found.sums.elapsed = std::chrono::steady_clock::now() - start;
  return found;
}

}  // namespace logagg
