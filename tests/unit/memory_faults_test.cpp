// SQLite's loop: the k-th operation of each kind fails, once or for ever, for k = 1, 2, 3 … until a
// run meets no fault. Nothing crashes, hangs, leaks or tells a wrong byte, and what was
// acknowledged is in the file or was reported as lost.
#include <array>
#include <cerrno>

#include "memory_rig.hpp"

namespace ringfiles::testing {
namespace {

constexpr std::array fault_numbers{EIO,   ENOSPC, EDQUOT, EROFS,  EFBIG,    ENOMEM,
                                   EPERM, EACCES, ESTALE, ENXIO, ENOTCONN, EINVAL};

constexpr std::array kinds{opcode::open, opcode::close,     opcode::read,     opcode::write,
                           opcode::sync, opcode::sync_data, opcode::truncate, opcode::size};

constexpr std::size_t for_ever = 1'000'000'000;

struct fault {
  opcode kind;
  int number;
  std::size_t first;
  std::size_t count;
  bool refuse_inline;
};

std::string name_of(const fault& one) {
  return std::string(to_string(one.kind)) + " " + std::to_string(one.first) +
         (one.count == 1 ? " once" : " for ever") + " with errno " + std::to_string(one.number) +
         (one.refuse_inline ? ", not inline" : "");
}

/// Runs the mixed workload against one fault and judges it.
class faulty_run {
 public:
  explicit faulty_run(const fault& injected) : injected_(injected) {
    rig_.disk->put("text", text());
    rig_.disk->put("data", "");
    rig_.disk->refuse_inline(injected.refuse_inline);
    rig_.disk->fail(injected.kind, injected.number, injected.first, injected.count);
  }

  void perform() {
    rig_.run([&]() -> task<> {
      co_await append_log();
      co_await rewrite_data();
      co_await read_text();
      drop_a_file(co_await attempt(ringfiles::open(*rig_.loop, "dropped", "w")));
    });
    rig_.crank();
    EXPECT_EQ(rig_.disk->open_files(), 0U);
    EXPECT_TRUE(rig_.loop->idle());
    if (fired() > 0 && must_be_told()) EXPECT_GT(errors_, 0U) << "an error was swallowed";
    if (fired() == 0) EXPECT_EQ(errors_, 0U);
  }
  std::size_t fired() const {
    const std::size_t calls = rig_.disk->calls(injected_.kind);
    return calls < injected_.first ? 0 : std::min(calls - injected_.first + 1, injected_.count);
  }

 private:
  static const std::string& text() {
    static const std::string made = [] {
      std::string lines;
      for (int i = 0; lines.size() < 150'000; ++i) lines += "line " + std::to_string(i) + " €\n";
      return lines;
    }();
    return made;
  }

  /// A write that fails is tried again by flush and close, and what a read did not need, or the end
  /// of an append, is nobody's error: then the content must be right instead.
  bool must_be_told() const {
    return injected_.kind != opcode::write && injected_.kind != opcode::read &&
           injected_.kind != opcode::size;
  }

  template <class T>
  task<std::optional<detail::storable<T>>> attempt(operation<T> call) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(call);
        co_return detail::nothing();
      } else {
        co_return co_await std::move(call);
      }
    } catch (const error& failure) {
      EXPECT_EQ(failure.number(), injected_.number) << failure.what();
      EXPECT_FALSE(failure.operation().empty());
      ++errors_;
      co_return std::nullopt;
    }
  }

  task<> append_log() {
    auto opened = co_await attempt(ringfiles::open(*rig_.loop, "log", "ab"));
    if (!opened) co_return;
    std::string acknowledged;
    for (std::size_t i = 0; i < 14; ++i) {
      const std::string record =
          pattern(i % 5 == 4 ? 300'000 : 100 + i * 4001, acknowledged.size());
      if (co_await attempt(opened->write(record))) acknowledged += record;
      if (i % 4 == 3) co_await attempt(opened->flush());
      if (i % 7 == 6) co_await attempt(opened->sync());
    }
    const bool closed = (co_await attempt(opened->close())).has_value();
    EXPECT_FALSE(opened->is_open());
    const std::string content = rig_.disk->get("log").value_or("");
    // A sync error is repeated by close; the bytes are there all the same.
    const bool may_lack = !closed && injected_.kind == opcode::write;
    EXPECT_TRUE(may_lack ? acknowledged.starts_with(content) : content == acknowledged)
        << content.size() << " bytes of " << acknowledged.size();
  }

  task<> rewrite_data() {
    auto opened = co_await attempt(ringfiles::open(*rig_.loop, "data", "r+b"));
    if (!opened) co_return;
    file& f = *opened;
    const std::size_t before = errors_;
    co_await attempt(f.write(pattern(100'000)));
    for (std::uint64_t at = 100'000; at < 400'000; at += 100'000)
      co_await attempt(f.write_at(at, pattern(100'000, at)));
    co_await attempt(f.sync_data());
    co_await attempt(f.truncate(350'000));
    co_await attempt(f.seek(-1000, whence::end));
    if (errors_ == before)
      if (const auto tail = co_await attempt(f.read())) EXPECT_TRUE(*tail == pattern(1000, 349'000));
    if (const auto part = co_await attempt(f.read_at(200'000, 90'000)); part && errors_ == before)
      EXPECT_TRUE(*part == pattern(90'000, 200'000));
    co_await attempt(f.close());
    const std::string content = rig_.disk->get("data").value_or("");
    if (errors_ == before) EXPECT_TRUE(content == pattern(350'000)) << content.size() << " bytes";
    expect_old_or_new(content);
  }

  /// Whatever failed: each byte is the one that was written there, or none was.
  static void expect_old_or_new(const std::string& content) {
    const std::string written = pattern(content.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < content.size(); ++i)
      wrong += content[i] == written[i] || content[i] == '\0' ? 0 : 1;
    EXPECT_EQ(wrong, 0U);
  }

  task<> read_text() {
    auto opened = co_await attempt(ringfiles::open(*rig_.loop, "text", "r"));
    if (!opened) co_return;
    std::string seen;
    int failures = 0;
    for (int turn = 0; failures < 3; ++turn) {
      if (turn % 3 == 0) {
        const auto batch = co_await attempt(opened->next_lines());
        if (!batch) { ++failures; continue; }
        if (!*batch) break;
        seen += (*batch)->text();
      } else if (turn % 3 == 1) {
        const auto part = co_await attempt(opened->read(1000));
        if (!part) { ++failures; continue; }
        seen += *part;
      } else {
        const auto line = co_await attempt(opened->readline());
        if (!line) { ++failures; continue; }
        seen += line->value_or("");
      }
    }
    EXPECT_TRUE(text().starts_with(seen)) << "after an error, reading goes on where it was";
    if (failures < 3) EXPECT_EQ(seen.size(), text().size());
    co_await attempt(opened->close());
  }

  static void drop_a_file(std::optional<file>) {}

  fault injected_;
  memory_rig rig_;
  std::size_t errors_ = 0;
};

class fault_loop : public ::testing::TestWithParam<opcode> {
 protected:
  static void SetUpTestSuite() { injected_ = 0; }
  static void TearDownTestSuite() {
    std::printf("%zu faults injected in %zu runs\n", injected_, runs_);
    EXPECT_GE(injected_, 10'000U);
  }
  static inline std::size_t injected_ = 0;
  static inline std::size_t runs_ = 0;

  void loop(int number, std::size_t count, bool refuse_inline) {
    for (std::size_t k = 1; !HasFailure(); ++k) {
      const fault one{GetParam(), number, k, count, refuse_inline};
      SCOPED_TRACE(name_of(one));
      faulty_run run(one);
      run.perform();
      ++runs_;
      injected_ += run.fired();
      if (run.fired() == 0) return;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(of, fault_loop, ::testing::ValuesIn(kinds),
                         [](const auto& each) { return to_string(each.param); });

TEST_P(fault_loop, EachOperationFailsOnce) {
  for (const int number : fault_numbers)
    for (const bool refuse_inline : {false, true}) loop(number, 1, refuse_inline);
}

TEST_P(fault_loop, EachOperationFailsForEver) {
  for (const int number : fault_numbers)
    for (const bool refuse_inline : {false, true}) loop(number, for_ever, refuse_inline);
}

}  // namespace
}  // namespace ringfiles::testing
