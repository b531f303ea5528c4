#include "fixture.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ringfiles::contract {
namespace {

std::string fresh_folder() {
  const char* wanted = std::getenv("RINGFILES_TEST_DIR");
  const std::filesystem::path parent = wanted != nullptr && *wanted != '\0'
                                           ? std::filesystem::path(wanted)
                                           : std::filesystem::temp_directory_path();
  std::string name = parent / "ringfiles-contract-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category());
  return name;
}

/// A program that asks for what is refused gets something else, and all must pass with that.
bool takes_what_it_gets() { return std::getenv("RINGFILES_TEST_FALLBACK") != nullptr; }

}  // namespace

bool soak() { return std::getenv("RINGFILES_SOAK") != nullptr; }

std::string pattern(std::size_t size, std::uint64_t from) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    std::uint64_t mixed = (from + i) / 8 + 1;  // eight bytes of a number that no other place has
    mixed *= 0x9e3779b97f4a7c15ULL;
    bytes[i] = static_cast<char>(mixed >> (8 * ((from + i) % 8)));
  }
  return bytes;
}

testing::AssertionResult same_bytes(const std::optional<std::string>& actual,
                                    std::string_view expected) {
  if (!actual) return testing::AssertionFailure() << "there is nothing";
  if (*actual == expected) return testing::AssertionSuccess();
  const auto differ =
      std::mismatch(actual->begin(), actual->end(), expected.begin(), expected.end());
  return testing::AssertionFailure()
         << actual->size() << " bytes for " << expected.size() << ", different from byte "
         << differ.first - actual->begin() << " on";
}

suite::suite() {
  if (GetParam() == backend_kind::memory)
    memory_ = std::make_shared<memory_filesystem>();
  else
    folder_ = fresh_folder();
}

suite::~suite() {
  end_engine();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void suite::SetUp() {
  restart_engine();
  if (loop().backend() != GetParam() && !takes_what_it_gets())
    GTEST_SKIP() << "no " << to_string(GetParam()) << " here: " << describe(backend_report());
}

std::string suite::path(std::string_view name) const {
  return on_kernel() ? folder_ + "/" + std::string(name) : std::string(name);
}

void suite::put(std::string_view name, std::string_view content) {
  if (memory_) return memory_->put(path(name), std::string(content));
  std::ofstream out(path(name), std::ios::binary);
  out << content;
}

std::optional<std::string> suite::get(std::string_view name) const {
  if (memory_) return memory_->get(path(name));
  std::ifstream in(path(name), std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream content;
  content << in.rdbuf();
  return std::move(content).str();
}

void suite::make_cold(std::string_view name) const {
  if (!on_kernel()) return;
  const int fd = ::open(path(name).c_str(), O_RDONLY | O_CLOEXEC);
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

engine_options suite::options() const { return {.backend = GetParam(), .memory = memory_}; }

void suite::end_engine() {
  scope_.reset();
  engine_.reset();
}

void suite::restart_engine(engine_options options) {
  end_engine();
  engine_.emplace(std::move(options));
  scope_.emplace(*engine_);
}

void suite::crank() {
  while (loop().wait(0ms)) loop().run_completions();
}

file suite::opened(std::string_view name, std::string_view mode, open_options options) {
  auto opening = begin(open(name, mode, options));
  crank_until([&] { return opening.done(); });
  return opening.take();
}

std::string name_of(const testing::TestParamInfo<backend_kind>& info) {
  return to_string(info.param);
}

}  // namespace ringfiles::contract
