#include "logagg/collect.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <thread>
#include <utility>

#include "logagg/read_file.hpp"

namespace logagg {
namespace {

using ringfiles::task;

/// What the loops share: which file is next. Each file's result has a place of its own.
struct shared_work {
  const options& wanted;
  const line_filter& filter;
  const std::vector<std::string>& files;
  std::vector<file_result>& results;
  progress_callback progress;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
};

task<> take_files(shared_work& work) {
  for (;;) {
    const std::size_t index = work.next.fetch_add(1);
    if (index >= work.files.size()) co_return;
    work.results[index] =
        co_await read_file(work.files[index], index, work.filter, work.wanted.zone_offset);
    if (work.progress != nullptr) work.progress(work.done.fetch_add(1) + 1, work.files.size());
  }
}

struct loop_outcome {
  ringfiles::statistics stats;
  std::exception_ptr thrown;
};

/// One loop: an engine of its own and its share of the files that are read at the same time.
void run_loop(shared_work& work, std::size_t jobs, loop_outcome& outcome) noexcept {
  try {
    ringfiles::engine engine;
    std::vector<task<>> takers;
    for (std::size_t i = 0; i < jobs; ++i) takers.push_back(take_files(work));
    ringfiles::run(engine, ringfiles::gather(std::move(takers)));
    outcome.stats = engine.stats();
  } catch (...) {
    outcome.thrown = std::current_exception();
  }
}

std::vector<loop_outcome> run_loops(shared_work& work) {
  const std::size_t files = work.files.size();
  const std::size_t jobs =
      std::clamp<std::size_t>(work.wanted.jobs, 1, std::max<std::size_t>(files, 1));
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

void merge(collection& into, std::vector<file_result>& results) {
  std::size_t entries = 0;
  for (const auto& result : results) entries += result.entries.size();
  into.entries.reserve(entries);
  for (std::size_t i = 0; i < results.size(); ++i) {
    file_result& result = results[i];
    std::move(result.entries.begin(), result.entries.end(), std::back_inserter(into.entries));
    if (result.failure) into.failures.push_back({into.sources[i], *result.failure});
    into.sums.files += result.opened ? 1 : 0;
    into.sums.lines += result.lines;
    into.sums.bytes += result.bytes;
  }
  put_in_order(into.entries);
}

}  // namespace

collection collect(const options& wanted, progress_callback progress) {
  const auto start = std::chrono::steady_clock::now();
  const line_filter filter(wanted.filter);
  input_list inputs = ringfiles::run(expand_inputs(wanted.inputs));
  collection found;
  found.sources = std::move(inputs.files);
  found.failures = std::move(inputs.failures);
  std::vector<file_result> results(found.sources.size());
  shared_work work{wanted, filter, found.sources, results, progress};
  for (const auto& outcome : run_loops(work)) add_loop(found.sums, outcome.stats);
  merge(found, results);
  found.sums.elapsed = std::chrono::steady_clock::now() - start;
  return found;
}

}  // namespace logagg
