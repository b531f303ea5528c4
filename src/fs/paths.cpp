#include "fs/job_call.hpp"
#include "ringfiles/fs.hpp"
#include "sys/calls.hpp"

namespace ringfiles {
namespace {

file_status::type type_of(mode_t mode) noexcept {
  if (S_ISREG(mode)) return file_status::type::regular;
  if (S_ISDIR(mode)) return file_status::type::directory;
  if (S_ISFIFO(mode)) return file_status::type::fifo;
  return file_status::type::other;
}

}  // namespace

operation<file_status> status(std::filesystem::path path) {
  auto name = path.string();
  return fs::make_job<file_status>("status", name, [name] {
    fs::require_no_nul(name);
    sys::file_facts facts;
    fs::require(sys::facts_at(name.c_str(), facts));
    return file_status{type_of(facts.mode), facts.size, facts.modified_ns};
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
    fs::require(sys::rename_path(name.c_str(), target.c_str()));
  });
}

operation<void> offload(std::function<void()> work) {
  return fs::make_job<void>("offload", {}, std::move(work));
}

}  // namespace ringfiles
