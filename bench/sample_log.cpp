#include "sample_log.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

/// A folder of this process, removed at its end. RINGFILES_BENCH_DIR says where.
class scratch_folder {
 public:
  scratch_folder() {
    const char* base = std::getenv("RINGFILES_BENCH_DIR");
    std::string pattern = std::string(base != nullptr ? base : "/var/tmp") + "/ringfiles-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~scratch_folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

const std::string& folder() {
  static const scratch_folder instance;
  return instance.path();
}

std::string make_log() {
  std::string text;
  for (int i = 0; text.size() < 80'000'000; ++i)
    text += "2026-05-07 08:01:05 INFO worker " + std::to_string(100000 + i % 900000) +
            " handled request in 12ms for user " + std::to_string(1000 + i % 9000) + "\n";
  std::string path = folder() + "/sample.log";
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<long>(text.size()));
  return path;
}

}  // namespace

const std::string& sample_log() {
  static const std::string path = make_log();
  return path;
}

std::string scratch_file(const std::string& name) { return folder() + "/" + name; }
