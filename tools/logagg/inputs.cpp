#include "logagg/inputs.hpp"

#include <system_error>
#include <unordered_set>
#include <utility>

namespace logagg {
namespace {

using ringfiles::file_status;
using ringfiles::task;

class collector {
 public:
  void add(std::string path) {
    if (seen_.insert(path).second) list_.files.push_back(std::move(path));
  }
  void fail(std::string path, int number) {
    list_.failures.push_back({std::move(path), std::generic_category().message(number)});
  }
  void add_failures(const std::vector<ringfiles::glob_failure>& failures) {
    for (const auto& one : failures) fail(one.path, one.number);
  }
  input_list take() { return std::move(list_); }

 private:
  input_list list_;
  std::unordered_set<std::string> seen_;
};

task<file_status::type> kind_of(std::string path) {
  try {
    co_return (co_await ringfiles::status(std::move(path))).kind;
  } catch (const ringfiles::error&) {
    co_return file_status::type::regular;  // reading it says what is wrong
  }
}

// A pattern also finds folders, sockets and FIFOs; reading one would fail or wait for ever.
task<> add_regular(collector& found, std::vector<std::string> paths) {
  std::vector<task<file_status::type>> asked;
  asked.reserve(paths.size());
  for (const auto& path : paths) asked.push_back(kind_of(path));
  const auto kinds = co_await ringfiles::gather(std::move(asked));
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (kinds[i] == file_status::type::regular) found.add(std::move(paths[i]));
}

task<> add_folder(collector& found, std::string folder) {
  auto listed = co_await ringfiles::list_files(std::move(folder));
  for (auto& path : listed.paths) found.add(std::move(path));
  found.add_failures(listed.failures);
}

task<> add_matches(collector& found, std::string pattern) {
  auto matched = co_await ringfiles::glob(pattern);
  found.add_failures(matched.failures);
  const bool literal = matched.paths.size() == 1 && matched.paths[0] == pattern;
  if (literal)
    found.add(std::move(pattern));
  else
    co_await add_regular(found, std::move(matched.paths));
}

}  // namespace

task<input_list> expand_inputs(std::vector<std::string> inputs) {
  collector found;
  for (auto& input : inputs) {
    // What exists under its literal name is meant literally, wildcards or not.
    file_status::type kind = file_status::type::other;
    bool exists = true;
    try {
      kind = (co_await ringfiles::status(input)).kind;
    } catch (const ringfiles::error&) {
      exists = false;
    }
    if (!exists)
      co_await add_matches(found, std::move(input));
    else if (kind == file_status::type::directory)
      co_await add_folder(found, std::move(input));
    else
      found.add(std::move(input));
  }
  co_return found.take();
}

}  // namespace logagg
