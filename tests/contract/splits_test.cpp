// Where a text is cut on its way from the disk changes nothing: each short text, cut at each byte,
// in many encodings, all newline modes and error handlers, against CPython's answer to the whole.
#include <cstdio>

#include "fixture.hpp"
#include "run_python.hpp"
#include "split_vectors.hpp"

namespace ringfiles::contract {
namespace {

class splits : public suite {
 protected:
  /// The file for one reading of it; its first transfer, or each one, will be cut to `bytes`.
  file opened_for(const split_vector& vector, std::size_t bytes) {
    const open_options options{.newline = vector.mode,
                               .encoding = std::string_view(vector.encoding),
                               .errors = vector.errors};
    file f = opened("f", "r", options);
    memory()->limit_transfers(bytes);
    return f;
  }

  /// Begins the call, lets one cut transfer through and no limit apply to those that follow.
  template <class T>
  T cut_once(operation<T> call) {
    memory()->refuse_inline(true);
    memory()->hold(true);
    auto begun = begin(std::move(call));
    crank();
    memory()->release();
    memory()->limit_transfers(0);
    memory()->hold(false);
    memory()->refuse_inline(false);
    memory()->release_all();
    crank();
    return begun.take();
  }

  template <class T>
  T await(operation<T> call, bool once) {
    if (once) return cut_once(std::move(call));
    auto begun = begin(std::move(call));
    crank_until([&] { return begun.done(); });
    return begun.take();
  }

  std::string whole(const split_vector& vector, std::size_t bytes, bool once) {
    file f = opened_for(vector, bytes);
    try {
      return to_hex(await(f.read(), once)) + " .";
    } catch (const error& failure) {
      return failure.hint();
    }
  }

  std::string lines(const split_vector& vector, std::size_t bytes, bool once) {
    file f = opened_for(vector, bytes);
    std::string said;
    try {
      while (const auto line = await(f.readline(), std::exchange(once, false)))
        said += to_hex(*line) + " ";
      return said + ".";
    } catch (const error& failure) {
      return said + failure.hint();
    }
  }

  std::string batches(const split_vector& vector, std::size_t bytes, bool once) {
    file f = opened_for(vector, bytes);
    std::string said;
    try {
      while (const auto batch = await(f.next_lines(), std::exchange(once, false)))
        for (const std::string_view line : *batch) said += "-" + to_hex(line) + " ";
      return said + ".";
    } catch (const error& failure) {
      return said + failure.hint();
    }
  }

  void compare(const split_vector& vector, const reading& expected, std::size_t bytes, bool once) {
    EXPECT_EQ(whole(vector, bytes, once), expected.whole);
    EXPECT_EQ(lines(vector, bytes, once), expected.lines);
    EXPECT_EQ(batches(vector, bytes, once), expected.batch);
    memory()->limit_transfers(0);
  }

  void compare_all(const std::vector<split_vector>& vectors) {
    const auto expected = ask_python(vectors);
    if (!expected) GTEST_SKIP() << "there is no python3 to compare with";
    std::size_t cases = 0;
    for (std::size_t i = 0; i < vectors.size() && !HasFailure(); ++i) {
      put("f", vectors[i].bytes);
      for (std::size_t at = 1; at <= vectors[i].bytes.size() && !HasFailure(); ++at) {
        for (const bool once : {true, false}) {
          SCOPED_TRACE(vectors[i].text() + (once ? " cut at " : " cut into ") + std::to_string(at));
          compare(vectors[i], expected->at(i), at, once);
          ++cases;
        }
      }
    }
    std::printf("%zu texts, %zu cases, each read in three ways\n", vectors.size(), cases);
  }
};
// Only the file system in memory cuts a transfer where it is told to.
INSTANTIATE_TEST_SUITE_P(every, splits, ::testing::Values(backend_kind::memory), name_of);

TEST_P(splits, ChangeNothing) { compare_all(split_vectors(soak() ? 1 : sanitized ? 997 : 37)); }

TEST_P(splits, AByteWhoseCharacterIsCutShortIsToldFromAnIllegalOne) { compare_all(lone_bytes()); }

}  // namespace
}  // namespace ringfiles::contract
