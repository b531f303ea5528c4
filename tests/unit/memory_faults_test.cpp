// SQLite's loop: the k-th operation of each kind fails, once or for ever, for k = 1, 2, 3 … until
// a run meets no fault; under a sanitizer for some k. Nothing crashes, hangs, leaks or tells a
// wrong byte; each error names its call and its file; and what was acknowledged is in the file or
// was reported as lost.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <span>

#include "unit/memory_rig.hpp"

namespace ringfiles::testing {
namespace {

constexpr int every_number[] = {EIO,    EINTR, EAGAIN, ENOSPC, EDQUOT, EROFS,    EFBIG,
                                ENOMEM, EPERM, EACCES, ESTALE, ENXIO,  ENOTCONN, EINVAL};
constexpr std::span<const int> fault_numbers =
    sanitized ? std::span<const int>(every_number).first(3) : std::span<const int>(every_number);

constexpr std::array kinds{opcode::open, opcode::close,     opcode::read,     opcode::write,
                           opcode::sync, opcode::sync_data, opcode::truncate, opcode::size};

constexpr std::size_t for_ever = 1'000'000'000;

/// How the file system serves what does not fail.
enum class service { at_once, in_background, in_parts, in_parts_in_background };
constexpr std::array services{service::at_once, service::in_background, service::in_parts,
                              service::in_parts_in_background};
constexpr std::size_t part_bytes = 30'011;

bool in_background(service how) {
  return how == service::in_background || how == service::in_parts_in_background;
}
bool in_parts(service how) {
  return how == service::in_parts || how == service::in_parts_in_background;
}

struct fault {
  opcode kind;
  int number;
  std::size_t first;
  std::size_t count;
  service how;
};

std::string name_of(const fault& one) {
  constexpr const char* ways[] = {"at once", "in the background", "in parts",
                                  "in parts, in the background"};
  return std::string(to_string(one.kind)) + " " + std::to_string(one.first) +
         (one.count == 1 ? " once" : " for ever") + " with errno " + std::to_string(one.number) +
         ", served " + ways[static_cast<int>(one.how)];
}

const std::string& lines_of_text() {
  static const std::string made = [] {
    std::string lines;
    for (int i = 0; lines.size() < 140'000; ++i) lines += "line " + std::to_string(i) + " €\n";
    return lines;
  }();
  return made;
}

/// What the log is given; two of them are large.
const std::vector<std::string>& records_of_the_log() {
  static const std::vector<std::string> made = [] {
    std::vector<std::string> records;
    for (std::size_t i = 0; i < 14; ++i)
      records.push_back(pattern(i % 5 == 4 ? 300'000 : 100 + i * 4001, i << 20));
    return records;
  }();
  return made;
}

/// Runs the mixed workload against one fault and judges it.
class faulty_run {
 public:
  explicit faulty_run(const fault& injected) : injected_(injected) {
    rig_.disk->put("text", lines_of_text());
    rig_.disk->put("data", "");
    rig_.disk->refuse_inline(in_background(injected.how));
    if (in_parts(injected.how)) rig_.disk->limit_transfers(part_bytes);
    rig_.disk->fail(injected.kind, injected.number, injected.first, injected.count);
  }

  void perform() {
    rig_.run([&]() -> task<> {
      co_await append_log();
      co_await rewrite_data();
      co_await read_text();
      told_of_ = fired();
      co_await drop_a_file();
    });
    rig_.expect_nothing_left();
    if (fired() == 0) {
      EXPECT_EQ(errors_, 0U);
    } else if (told_of_ > 0 && must_be_told()) {
      EXPECT_GT(errors_, 0U) << "an error was swallowed";
    }
  }
  std::size_t fired() const {
    const std::size_t calls = rig_.disk->calls(injected_.kind);
    return calls < injected_.first ? 0 : std::min(calls - injected_.first + 1, injected_.count);
  }

 private:
  /// A write that fails is tried again by flush and close, and what a read did not need, or the end
  /// of an append, is nobody's error: then the content must be right instead. EAGAIN is how the
  /// file system says that it cannot serve at once.
  bool must_be_told() const {
    return injected_.kind != opcode::write && injected_.kind != opcode::read &&
           injected_.kind != opcode::size &&
           (injected_.number != EAGAIN || in_background(injected_.how) || injected_.count > 1);
  }

  template <class T>
  task<std::optional<detail::storable<T>>> attempt(operation<T> call, std::string name,
                                                   std::string path) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(call);
        co_return detail::nothing();
      } else {
        co_return co_await std::move(call);
      }
    } catch (const error& failure) {
      EXPECT_EQ(failure.number(), injected_.number) << failure.what();
      EXPECT_EQ(failure.operation(), name);
      EXPECT_EQ(failure.path(), path);
      ++errors_;
      co_return std::nullopt;
    }
  }

  task<std::optional<file>> try_open(std::string path, std::string mode) {
    return attempt(ringfiles::open(*rig_.loop, path, mode), "open", path);
  }

  struct record {
    std::string_view bytes;
    bool taken;
  };

  task<> append_log() {
    auto opened = co_await try_open("log", "ab");
    if (!opened) co_return;
    std::vector<record> records;
    for (std::size_t i = 0; i < records_of_the_log().size(); ++i) {
      const std::string bytes = records_of_the_log()[i];  // nobody may look at it after the call
      const auto taken = co_await attempt(opened->write(std::string_view(bytes)), "write", "log");
      records.push_back({records_of_the_log()[i], taken.has_value()});
      if (i % 4 == 3) co_await attempt(opened->flush(), "flush", "log");
      if (i % 7 == 5) co_await sync_log(*opened);
    }
    const bool closed = (co_await attempt(opened->close(), "close", "log")).has_value();
    EXPECT_FALSE(opened->is_open());
    EXPECT_FALSE(closed && sync_failed_) << "a failed sync is final, the close repeats it";
    const bool one_write_failed = injected_.kind == opcode::write && injected_.count == 1;
    EXPECT_TRUE(closed || !one_write_failed) << "a close tries again";
    judge_log(records, closed);
  }

  task<> sync_log(file& log) {
    const auto synced = co_await attempt(log.sync(), "sync", "log");
    EXPECT_FALSE(synced && sync_failed_) << "a failed sync is final";
    if (!synced && injected_.kind == opcode::sync) sync_failed_ = true;
  }

  /// How many at the beginning. A sanitizer makes it slow to go byte by byte.
  static std::size_t same_bytes(std::string_view left, std::string_view right) {
    if (left.starts_with(right)) return right.size();
    const auto same = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
    return static_cast<std::size_t>(same.first - left.begin());
  }

  // What was taken is there, in order and once; after a close that failed, up to some byte. A large
  // write that failed may have stored its first parts, since appends cannot be taken back.
  void judge_log(const std::vector<record>& records, bool closed) const {
    const std::string content = rig_.disk->get("log").value_or("");
    const bool may_lack = injected_.kind == opcode::write && !closed;
    std::size_t at = 0;
    for (const record& each : records) {
      auto there = same_bytes(std::string_view(content).substr(at), each.bytes);
      if (!each.taken) there = in_parts(injected_.how) ? there - there % part_bytes : 0;
      at += there;
      if (!each.taken || there == each.bytes.size()) continue;
      EXPECT_TRUE(may_lack && at == content.size()) << "byte " << at << " of the log is wrong";
      return;
    }
    EXPECT_EQ(at, content.size()) << "more than was written";
  }

  task<> rewrite_data() {
    auto opened = co_await try_open("data", "r+b");
    if (!opened) co_return;
    file& f = *opened;
    const std::size_t before = errors_;
    const std::string first = pattern(30'000);
    co_await attempt(f.write(std::string_view(first)), "write", "data");
    for (std::uint64_t at = 30'000; at < 120'000; at += 30'000) {
      const std::string part = pattern(30'000, at);
      co_await attempt(f.write_at(at, part), "write_at", "data");
    }
    co_await attempt(f.sync_data(), "sync_data", "data");
    co_await attempt(f.truncate(110'000), "truncate", "data");
    const auto end = co_await attempt(f.seek(-1000, whence::end), "seek", "data");
    const auto tail = co_await attempt(f.read(), "read", "data");
    if (errors_ == before) {
      EXPECT_TRUE(end == 109'000U && tail == pattern(1000, 109'000));
    }
    const auto part = co_await attempt(f.read_at(20'000, 50'000), "read_at", "data");
    if (errors_ == before) {
      EXPECT_TRUE(part == pattern(50'000, 20'000));
    }
    co_await attempt(f.close(), "close", "data");
    const std::string content = rig_.disk->get("data").value_or("");
    if (errors_ == before) {
      EXPECT_TRUE(content == pattern(110'000)) << content.size() << " bytes";
    }
    expect_old_or_new(content);
  }

  /// Whatever failed: each byte is the one that was written there, or none was.
  static void expect_old_or_new(const std::string& content) {
    const std::string written = pattern(content.size());
    if (content == written) return;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < content.size(); ++i)
      wrong += content[i] == written[i] || content[i] == '\0' ? 0 : 1;
    EXPECT_EQ(wrong, 0U);
  }

  /// One of the ways to read on; nothing after an error, an empty string at the end.
  task<std::optional<std::string>> some_text(file& f, int turn) {
    if (turn % 3 == 0) {
      auto batch = co_await attempt(f.next_lines(), "next_lines", "text");
      if (!batch) co_return std::nullopt;
      co_return *batch ? std::string((*batch)->text()) : std::string();
    }
    if (turn % 3 == 1) co_return co_await attempt(f.read(1000), "read", "text");
    auto line = co_await attempt(f.readline(), "readline", "text");
    if (!line) co_return std::nullopt;
    co_return line->value_or("");
  }

  task<> read_text() {
    auto opened = co_await try_open("text", "r");
    if (!opened) co_return;
    std::string seen;
    int failures = 0;
    for (int turn = 0; failures < 3; ++turn) {
      const auto more = co_await some_text(*opened, turn);
      if (!more) {
        ++failures;
      } else if (more->empty()) {
        break;
      } else {
        seen += *more;
      }
    }
    EXPECT_TRUE(lines_of_text().starts_with(seen)) << "after an error, it goes on where it was";
    if (failures < 3) {
      EXPECT_EQ(seen.size(), lines_of_text().size());
    }
    co_await attempt(opened->close(), "close", "text");
  }

  /// Its close in the background has nobody to tell.
  task<> drop_a_file() {
    auto opened = co_await try_open("dropped", "w");
    if (opened) co_await attempt(opened->write("some text"), "write", "dropped");
  }

  fault injected_;
  memory_rig rig_;
  std::size_t errors_ = 0;
  std::size_t told_of_ = 0;  ///< faults that somebody waited for
  bool sync_failed_ = false;
};

class fault_loop : public ::testing::TestWithParam<opcode> {
 protected:
  static void TearDownTestSuite() {
    std::printf("%zu faults injected in %zu runs\n", injected_, runs_);
  }
  static inline std::size_t injected_ = 0;
  static inline std::size_t runs_ = 0;

  void loop(int number, std::size_t count, service how) {
    for (std::size_t place = 0; !HasFailure(); place = next_place(place)) {
      const fault one{GetParam(), number, place + 1, count, how};
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
    for (const service how : services) loop(number, 1, how);
}

TEST_P(fault_loop, EachOperationFailsForEver) {
  for (const int number : fault_numbers)
    for (const service how : services) loop(number, for_ever, how);
}

}  // namespace
}  // namespace ringfiles::testing
