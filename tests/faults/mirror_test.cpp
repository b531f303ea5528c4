// The same scenarios on a mounted mirror that fails (tests/tools/faultfs): a sample, in which the
// kernel's own calls and a real ring say what went wrong. Run by tests/system/file_faults.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "faults/trial.hpp"

namespace ringfiles::faults {
namespace {

struct mirrored {
  const char* operation;
  call where;  ///< the call that fails with it
};
constexpr mirrored operations[] = {
    {"open", call::open},          {"create", call::open},   {"read", call::preadv2},
    {"write", call::pwritev2},     {"fsync", call::fsync},   {"fsyncdir", call::fsync},
    {"truncate", call::ftruncate}, {"flush", call::close},   {"getattr", call::statx},
    {"rename", call::rename},      {"unlink", call::unlink},
};

struct sample {
  backend_kind kind;
  scenario what;
};

std::vector<sample> samples() {
  std::vector<sample> made;
  if (!mounted_mirror()) return made;
  // The others open files themselves, or end their engine.
  constexpr std::string_view left_out[] = {"dropped_after_its_engine", "opens", "adopts",
                                           "adopts_to_append"};
  for (auto list : {writing_scenarios, moving_scenarios, reading_scenarios, whole_file_scenarios})
    for (const scenario& what : list())
      for (backend_kind kind : {backend_kind::threads, backend_kind::uring})
        if (std::ranges::find(left_out, what.name) == std::end(left_out))
          made.push_back({kind, what});
  return made;
}

void PrintTo(const sample& each, std::ostream* out) { *out << each.what.name; }

class mirror_loop : public ::testing::TestWithParam<sample> {
 protected:
  mirror_loop() : stage_(GetParam().kind, place::cold, mounted_mirror()) {}
  static void TearDownTestSuite() {
    std::printf("%zu faults of a mirror in %zu runs, %zu of them told\n", faults_, runs_, told_);
  }

  /// At the first call, the second … False: the scenario makes no such call.
  bool at_each(fault injected, const char* operation) {
    for (std::size_t at = 1; !HasFailure(); ++at) {
      injected.first = at;
      SCOPED_TRACE(std::string(operation) + ": " + name_of(injected));
      const verdict made = run(stage_, GetParam().what, injected, operation);
      ++runs_;
      faults_ += made.harmed > 0 ? 1 : 0;
      told_ += made.complaints > 0 ? 1 : 0;
      if (made.calls < at) return at > 1;
    }
    return false;
  }

  stage stage_;
  static inline std::size_t runs_ = 0;
  static inline std::size_t faults_ = 0;
  static inline std::size_t told_ = 0;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(mirror_loop);
INSTANTIATE_TEST_SUITE_P(on, mirror_loop, ::testing::ValuesIn(samples()), [](const auto& each) {
  return std::string(each.param.what.name) + "_" + to_string(each.param.kind);
});

TEST_P(mirror_loop, FailsOnceAndForEver) {
  if (!stage_.has_backend()) GTEST_SKIP() << describe(backend_report());
  for (const auto& [operation, where] : operations)
    for (const int number : {EIO, ENOSPC})
      for (const std::size_t count : {std::size_t{1}, for_ever})
        if (!at_each({.where = where, .number = number, .count = count}, operation)) break;
}

TEST_P(mirror_loop, MovesLess) {
  if (!stage_.has_backend()) GTEST_SKIP() << describe(backend_report());
  constexpr std::size_t prime = 4093;
  at_each({.where = call::preadv2, .how = harm::cut, .most = prime}, "read");
  at_each({.where = call::pwritev2, .how = harm::cut, .most = prime}, "write");
}

}  // namespace
}  // namespace ringfiles::faults
