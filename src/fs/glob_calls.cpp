#include "fs/glob.hpp"
#include "fs/job_call.hpp"
#include "ringfiles/fs.hpp"

namespace ringfiles {

operation<glob_result> glob(std::string pattern) {
  auto name = pattern;
  return fs::make_job<glob_result>("glob", std::move(name), [pattern = std::move(pattern)] {
    glob_result result;
    result.paths = fs::expand_glob(pattern, result.failures);
    return result;
  });
}

operation<glob_result> list_files(std::filesystem::path folder) {
  auto name = folder.string();
  return fs::make_job<glob_result>("list_files", name, [name] {
    glob_result result;
    result.paths = fs::list_files(name, result.failures);
    return result;
  });
}

}  // namespace ringfiles
