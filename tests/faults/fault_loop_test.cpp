// SQLite's loop on real files: the k-th system call of each kind, and operation of a ring, fails
// with each errno of its manual page, moves less than it was asked for or is interrupted, once and
// for ever, for k = 1, 2, 3 … until a run meets no fault. A short run takes ever fewer of the k and
// half of the errnos, a sanitizer two of them.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "faults/trial.hpp"
#include "unit/sanitized.hpp"

namespace ringfiles::faults {
namespace {

using ringfiles::testing::fewer_places;
using ringfiles::testing::sanitized;
using ringfiles::testing::thread_sanitized;

/// A long run takes every place and every errno on all back ends.
bool in_full() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  static const bool wanted = std::getenv("RINGFILES_SOAK") != nullptr;
  return wanted;
}

constexpr std::array every_call{
    call::openat2,   call::open,      call::close, call::preadv2,   call::pwritev2, call::fsync,
    call::fdatasync, call::ftruncate, call::statx, call::fstatfs,   call::rename,   call::unlink,
    call::flock,     call::fcntl,     call::lseek, call::ring_read, call::ring_sync};

bool is_sync(call which) {
  return which == call::fsync || which == call::fdatasync || which == call::ring_sync;
}

struct totals {
  std::size_t runs = 0;
  std::size_t harmed = 0;     ///< calls; one fault harms many if it lasts
  std::size_t told = 0;       ///< faults that somebody was told of
  std::size_t made_good = 0;  ///< faults in spite of which all was as without them

  std::size_t faults() const noexcept { return told + made_good; }
  void add(const totals& other) noexcept {
    runs += other.runs;
    harmed += other.harmed;
    told += other.told;
    made_good += other.made_good;
  }
  void print(const char* name) const {
    std::printf("%-10s %6zu faults, %7zu calls harmed: %6zu told, %6zu made good\n", name, faults(),
                harmed, told, made_good);
  }
};
std::array<totals, call_count> counted;
std::size_t wrong_runs = 0;

class print_totals : public ::testing::Environment {
 public:
  void TearDown() override {
    totals all;
    for (std::size_t i = 0; i < call_count; ++i) {
      if (counted[i].faults() > 0) counted[i].print(to_string(static_cast<call>(i)));
      all.add(counted[i]);
    }
    if (all.runs == 0) return;
    all.print("all");
    std::printf("%zu faults injected in %zu runs, %zu runs went wrong\n", all.faults(), all.runs,
                wrong_runs);
  }
};
// NOLINTNEXTLINE(cert-err58-cpp): a googletest idiom
const auto* const printing = ::testing::AddGlobalTestEnvironment(new print_totals);

task<> sync_once(engine& loop, std::string path, int& number) {
  auto made = co_await ringfiles::open(loop, path, "wb");
  co_await made.write("text");
  try {
    co_await made.sync();
  } catch (const error& failure) {
    number = failure.number();
  }
  try {
    co_await made.close();
  } catch (const error&) {  // a failed sync is final
  }
}

/// IORING_NOP_INJECT_RESULT, Linux 6.11.
bool answers_as_told(stage& on) {
  int number = 0;
  play({.where = call::ring_sync, .number = EROFS, .first = 1}, on.where());
  ringfiles::run(on.loop(), sync_once(on.loop(), on.folder() + "/told", number));
  stop_playing();
  return number == EROFS && harmed() == 1;
}

TEST(ring_faults, AreAnsweredByTheKernel) {
  stage on(backend_kind::uring, place::cold);
  if (!on.has_backend()) GTEST_SKIP() << describe(backend_report());
  if (!answers_as_told(on)) GTEST_SKIP() << "no IORING_NOP_INJECT_RESULT (before Linux 6.11)";
}

struct where_and_what {
  backend_kind kind;
  place where;
  scenario what;
};

std::vector<where_and_what> all_of_them() {
  std::vector<where_and_what> made;
  for (auto list : {writing_scenarios, moving_scenarios, reading_scenarios, whole_file_scenarios,
                    opening_scenarios, buffering_scenarios})
    for (const scenario& what : list()) {
      for (place where : {place::memory, place::cached, place::cold})
        made.push_back({backend_kind::threads, where, what});
      for (place where : {place::cached, place::cold})
        made.push_back({backend_kind::uring, where, what});
    }
  return made;
}

void PrintTo(const where_and_what& each, std::ostream* out) { *out << each.what.name; }

class fault_loop : public ::testing::TestWithParam<where_and_what> {
 protected:
  fault_loop() : stage_(GetParam().kind, GetParam().where) {}

  void SetUp() override {
    if (!stage_.has_backend()) GTEST_SKIP() << describe(backend_report());
    one({});
  }

  verdict one(const fault& injected) {
    SCOPED_TRACE(name_of(injected));
    const verdict made = run(stage_, GetParam().what, injected);
    if (made.harmed == 0) {
      EXPECT_EQ(made.complaints, 0U);
    }
    if (injected.number == EINTR && !is_sync(injected.where)) {
      EXPECT_EQ(made.complaints, 0U) << "who is interrupted goes on";
    }
    totals& sum = counted[static_cast<std::size_t>(injected.where)];
    sum.add({1, made.harmed, made.complaints > 0 ? 1U : 0U,
             made.harmed > 0 && made.complaints == 0 ? 1U : 0U});
    wrong_runs += HasFailure() ? 1 : 0;
    return made;
  }

  /// At the first call, the second … False: the scenario makes no such call.
  bool at_each(fault injected) {
    for (std::size_t at = 0; !HasFailure(); at = in_full() ? at + 1 : fewer_places(at)) {
      injected.first = at + 1;
      if (one(injected).calls <= at) return at > 0;
    }
    return false;
  }

  /// In a short run each second one, the others where files seem to be elsewhere.
  std::vector<int> chosen_errors(call which) const {
    const std::span<const int> all = errors_of(which);
    if (in_full()) return {all.begin(), all.end()};
    const auto place = static_cast<std::size_t>(GetParam().where);
    const std::size_t first = GetParam().kind == backend_kind::uring ? place + 1 : place;
    std::vector<int> some;
    // A sanitizer does not need many; one that looks for races needs one.
    const std::size_t most = thread_sanitized ? 1 : sanitized ? 2 : all.size();
    for (std::size_t i = first % 2; i < all.size() && some.size() < most; i += 2)
      some.push_back(all[i]);
    return some;
  }

  /// For what a ring serves, the kernel must be able to say what it is told to (script.hpp).
  bool can_harm(call which) {
    const bool of_ring = which == call::ring_read || which == call::ring_sync;
    if (!of_ring) return true;
    if (!ring_answers_) ring_answers_ = answers_as_told(stage_);
    return *ring_answers_;
  }

  stage stage_;
  std::optional<bool> ring_answers_;
};

INSTANTIATE_TEST_SUITE_P(on, fault_loop, ::testing::ValuesIn(all_of_them()), [](const auto& each) {
  return std::string(each.param.what.name) + "_" + to_string(each.param.kind) + "_" +
         to_string(each.param.where);
});

TEST_P(fault_loop, FailsOnceAndForEver) {
  for (const call where : every_call) {
    for (const int number : chosen_errors(where)) {
      if (number == EINTR && is_repeated(where)) continue;
      if (!can_harm(where) || !at_each({.where = where, .number = number})) break;
      at_each({.where = where, .number = number, .count = for_ever});
    }
  }
}

TEST_P(fault_loop, IsInterrupted) {
  for (const call where : every_call)
    for (const std::size_t times : {1U, 3U, 50U})
      if (!is_repeated(where) || !at_each({.where = where, .number = EINTR, .count = times})) break;
}

TEST_P(fault_loop, MovesLess) {
  constexpr std::size_t prime = 4093;
  for (const call where : {call::preadv2, call::pwritev2, call::ring_read}) {
    if (!can_harm(where)) continue;
    for (const std::size_t most : {std::size_t{1}, std::size_t{0}, prime})
      at_each({.where = where, .how = harm::cut, .most = most});
    at_each({.where = where, .how = harm::cut, .most = prime, .count = for_ever});
    at_each({.where = where, .how = harm::cut, .most = 1, .count = 40});
  }
  for (const std::size_t times : {std::size_t{1}, for_ever})
    at_each({.where = call::pwritev2, .how = harm::moves_nothing, .count = times});
}

// As a disk that gets full, or breaks, in the middle of a write.
TEST_P(fault_loop, StopsInTheMiddle) {
  constexpr std::size_t prime = 4093;
  for (const call where : {call::preadv2, call::pwritev2, call::ring_read})
    for (const int number : {EIO, ENOSPC, EDQUOT, EFBIG})
      for (const std::size_t most : {std::size_t{1}, std::size_t{0}, prime})
        for (const std::size_t times : {std::size_t{2}, for_ever}) {
          if (!can_harm(where) || (where != call::pwritev2 && number != EIO)) continue;
          at_each(
              {.where = where, .how = harm::stops, .number = number, .most = most, .count = times});
        }
}

}  // namespace
}  // namespace ringfiles::faults
