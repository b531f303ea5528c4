#include "logagg/inputs.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace logagg {
namespace {

using ringfiles::file_status;
using ringfiles::task;
using kinds = file_status::type;
using maybe_status = std::optional<file_status>;  ///< nothing: it is not there, or not to be asked

class collector {
 public:
  void add(std::string path, const maybe_status& status) {
    const bool known = status && status->inode != 0;
    if (known && !inodes_.insert({status->device, status->inode}).second) return;
    if (!known && !paths_.insert(path).second) return;
    weights_.push_back(weight(status));
    list_.files.push_back(std::move(path));
  }
  void fail(std::string path, std::string reason) {
    list_.failures.push_back({std::move(path), std::move(reason)});
  }
  void add_failures(const std::vector<ringfiles::glob_failure>& failures) {
    for (const auto& one : failures) fail(one.path, std::generic_category().message(one.number));
  }
  input_list take() {
    for (std::size_t i = 0; i < weights_.size(); ++i) list_.largest_first.push_back(i);
    std::ranges::stable_sort(list_.largest_first, std::ranges::greater{},
                             [&](std::size_t index) { return weights_[index]; });
    return std::move(list_);
  }

 private:
  /// What a pipe gives takes as long as its writer likes, so it had better begin at once.
  static std::uint64_t weight(const maybe_status& status) noexcept {
    if (!status) return 0;
    if (status->kind != kinds::regular) return std::numeric_limits<std::uint64_t>::max();
    return status->size;
  }

  input_list list_;
  std::vector<std::uint64_t> weights_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> inodes_;
  std::unordered_set<std::string> paths_;
};

task<maybe_status> status_of(std::string path) {
  try {
    co_return co_await ringfiles::status(std::move(path));
  } catch (const ringfiles::error&) {
    co_return std::nullopt;
  }
}

task<std::vector<maybe_status>> statuses_of(const std::vector<std::string>& paths) {
  std::vector<task<maybe_status>> asked;
  asked.reserve(paths.size());
  for (const auto& path : paths) asked.push_back(status_of(path));
  return ringfiles::gather(std::move(asked));
}

// What has no status is read all the same: reading it says what is wrong.
task<> add_all(collector& found, std::vector<std::string> paths) {
  const auto statuses = co_await statuses_of(paths);
  for (std::size_t i = 0; i < paths.size(); ++i) found.add(std::move(paths[i]), statuses[i]);
}

task<> add_folder(collector& found, std::string folder) {
  auto listed = co_await ringfiles::list_files(std::move(folder));
  found.add_failures(listed.failures);
  co_await add_all(found, std::move(listed.paths));
}

// A pattern also finds folders, sockets and FIFOs; reading one would fail or wait for ever.
task<bool> add_regular(collector& found, std::vector<std::string> paths) {
  const auto statuses = co_await statuses_of(paths);
  bool any = false;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (statuses[i] && statuses[i]->kind != kinds::regular) continue;
    found.add(std::move(paths[i]), statuses[i]);
    any = true;
  }
  co_return any;
}

task<> add_matches(collector& found, std::string pattern) {
  auto matched = co_await ringfiles::glob(pattern);
  found.add_failures(matched.failures);
  const bool literal = matched.paths.size() == 1 && matched.paths[0] == pattern;
  if (literal) {
    found.add(std::move(pattern), std::nullopt);
    co_return;
  }
  const bool any = co_await add_regular(found, std::move(matched.paths));
  if (!any && matched.failures.empty())
    found.fail(std::move(pattern), "no file matches this pattern");
}

}  // namespace

task<input_list> expand_inputs(std::vector<std::string> inputs) {
  collector found;
  const auto statuses = co_await statuses_of(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    // What exists under its literal name is meant literally, wildcards or not.
    if (!statuses[i])
      co_await add_matches(found, std::move(inputs[i]));
    else if (statuses[i]->kind == kinds::directory)
      co_await add_folder(found, std::move(inputs[i]));
    else
      found.add(std::move(inputs[i]), statuses[i]);
  }
  co_return found.take();
}

}  // namespace logagg
