#include "fs/job_call.hpp"
#include "ringfiles/fs.hpp"
#include "sys/calls.hpp"

namespace ringfiles {

operation<file_status> status(std::filesystem::path path) {
  auto name = path.string();
  return fs::make_job<file_status>("status", name, [name] {
    fs::require_no_nul(name);
    sys::file_facts facts;
    fs::require(sys::facts_at(name.c_str(), facts));
    return sys::status_of(facts);
  });
}

operation<void> remove(std::filesystem::path path) {
  auto name = path.string();
  return fs::make_job<void>("remove", name, [name] {
    fs::require_no_nul(name);
    fs::require(sys::unlink_path(name.c_str()));
  });
}

operation<void> rename(std::filesystem::path from, std::filesystem::path to) {
  auto name = from.string();
  return fs::make_job<void>("rename", name, [name, target = to.string()] {
    fs::require_no_nul(name);
    fs::require_no_nul(target);
    const auto result = sys::rename_path(name.c_str(), target.c_str());
    if (result < 0) throw error(detail::code_of(result), "rename", name, "to '" + target + "'");
  });
}

operation<void> offload(std::function<void()> work) {
  return fs::make_job<void>("offload", {}, std::move(work));
}

}  // namespace ringfiles
