// Calls on a file in memory, in any order, cancelled anywhere, with short transfers and reads that
// fail: each answer is that of a model (file_model.hpp), and in the end the bytes are the model's.
#include <cerrno>
#include <span>
#include <stop_token>

#include "fuzz/file_model.hpp"
#include "fuzz/target.hpp"
#include "unit/memory_rig.hpp"

namespace ringfiles::fuzzing {
namespace {

using testing::begun;

constexpr std::string_view path = "file";
constexpr std::string_view modes[] = {"r", "r+", "w", "w+", "a", "a+", "x"};
constexpr newline newlines[] = {newline::universal, newline::untranslated, newline::lf, newline::cr,
                                newline::crlf};
constexpr std::size_t buffers[] = {0, 0, 1, 16, 100, 4096};
constexpr std::size_t limits[] = {0, 0, 7, 100, 1000};
constexpr std::string_view snippets[] = {"a",  "\n",         "\r",           "\r\n",
                                         "b ", "\xc3\xa4",   "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                         "",   "line\nline", "\xff",         "\xed\xa0\x80"};
constexpr std::size_t repeats[] = {1, 1, 1, 1, 2, 5, 40, 2000};
constexpr std::size_t most_calls = 60;
constexpr std::uint64_t farthest = 20'000;
constexpr int faults[] = {EIO, EINTR, EAGAIN};

std::string repeated(std::string_view part, std::size_t times) {
  std::string whole;
  while (times-- > 0) whole += part;
  return whole;
}

class session {
 public:
  explicit session(input& from) : from_(from) {
    const std::string_view part = from_.take(from_.pick(48));
    model_.content = repeated(part, part.size() > 16 ? 1 + from_.pick(200) : 1);
    rig_.disk->put(std::string(path), model_.content);
  }

  void perform() {
    for (std::size_t i = 0; i < most_calls && !from_.empty(); ++i) is_open_ ? call() : open();
    if (is_open_) close();
    file_ = {};
    rig_.crank();
    require_same(*rig_.disk->get(path), model_.content, "the bytes are those of the model");
    require(rig_.disk->open_files() == 0, "nothing is left open");
    require(rig_.disk->held() == 0 && rig_.loop->idle(), "nothing is left in flight");
  }

 private:
  void call() {
    switch (from_.pick(16)) {
      case 0:
      case 1:
        return read();
      case 2:
      case 3:
        return readline();
      case 4:
        return next_lines();
      case 5:
      case 6:
      case 7:
        return write();
      case 8:
      case 9:
        return seek();
      case 10:
        return tell();
      case 11:
        return truncate();
      case 12:
        return flush();
      case 13:
        return from_.pick(4) == 0 ? close() : rig_.spend_budget();
      case 14:
        return make_faults();
      default:
        cancels_ = true;
    }
  }

  void make_faults() {
    rig_.disk->limit_transfers(from_.choose(limits));
    rig_.disk->refuse_inline(from_.flip());
    const int number = from_.choose(faults);
    if (from_.flip()) return;
    rig_.disk->fail(opcode::read, number, 1 + from_.pick(4));
    ++faults_ahead_;
  }

  // ---- How a call is made ----------------------------------------------------------------------
  /// To its end, or given up after some steps: by a stop request, or with its caller.
  template <class T>
  begun<T> run(operation<T> made) {
    if (!std::exchange(cancels_, false)) {
      auto call = begin(std::move(made));
      rig_.crank();
      require(call.done(), "a call ends when nothing is held");
      return call;
    }
    std::stop_source stop;
    rig_.hold_everything();
    auto call = begin(std::move(made).stopped_by(stop.get_token()));
    for (std::size_t steps = from_.pick(8); steps > 0; --steps)
      rig_.step(testing::order::forward, random_);
    const bool stops = from_.flip();
    if (stops) {
      stop.request_stop();
    } else {
      rig_.crank();  // what has ended is delivered: a caller destroyed before takes it along
      if (!call.done()) call.destroy();
    }
    rig_.let_go(from_.flip() ? testing::order::forward : testing::order::backward, random_);
    require(call.done() || !stops, "a cancelled call ends");
    return call;
  }

  /// What was lent to the call is the caller's again once it has begun.
  template <class T>
  begun<T> begin(operation<T> made) {
    auto call = testing::begin(std::move(made));
    std::ranges::fill(lent_, '#');
    lent_ = {};
    return call;
  }

  template <class T>
  static bool was_cancelled(const begun<T>& call) {
    return !call.done() || call.number() == ECANCELED;
  }
  /// By a fault that was planned; it comes once, wherever.
  template <class T>
  bool was_faulty(const begun<T>& call) {
    if (faults_ahead_ == 0 || std::ranges::count(faults, call.number()) == 0) return false;
    --faults_ahead_;
    return true;
  }
  template <class T>
  void require_success(const begun<T>& call, std::string_view name) {
    require(!call.failed(), std::string(name) + " fails: " + std::to_string(call.number()));
  }

  // ---- Open and close --------------------------------------------------------------------------
  void open() {
    const std::string_view action = from_.choose(modes);
    model_.set = static_cast<charset>(from_.pick(4));
    model_.mode = from_.choose(newlines);
    const bool binary = model_.set == charset::bytes;
    open_options options{.newline = model_.mode, .buffer_bytes = from_.choose(buffers)};
    if (!binary) options.encoding = charset_names[static_cast<std::size_t>(model_.set)];
    const std::string mode = std::string(action) + (binary ? "b" : "");
    auto call = run(ringfiles::open(*rig_.loop, std::string(path), mode, options));
    if (was_cancelled(call)) return adopt_emptied(action[0] == 'w');
    require(call.failed() == (action == "x"), "the file is there, and opens");
    if (call.failed()) return;
    file_ = call.take();
    is_open_ = true;
    if (action[0] == 'w') model_.content.clear();
    model_.readable = action == "r" || action.ends_with('+');
    model_.writable = action != "r";
    model_.append = action[0] == 'a';
    model_.position = model_.append ? model_.content.size() : 0;
  }

  /// An open that was cancelled may have emptied the file, and leaves no descriptor.
  void adopt_emptied(bool may_be_empty) {
    require(rig_.disk->open_files() == 0, "a cancelled open leaks no descriptor");
    const std::string now = *rig_.disk->get(path);
    require(now == model_.content || (may_be_empty && now.empty()), "a cancelled open");
    model_.content = now;
  }

  void close() {
    auto call = run(file_.close());
    if (!was_cancelled(call)) {
      require_success(call, "close");
      require(!file_.is_open(), "a closed file is closed");
    }
    require_success(run(file_.close()), "a second close");
    require(run(file_.tell()).number() == EBADF, "a call on a closed file fails");
    require_on_disk();
    is_open_ = false;
  }

  // ---- Reading ---------------------------------------------------------------------------------
  std::size_t some_limit() {
    const std::size_t drawn = from_.byte();
    return drawn == 255 ? all : drawn > 200 ? 40 * drawn : drawn;
  }

  /// True: the call has read what it should, which is for the caller to compare.
  template <class T>
  bool may_compare(const begun<T>& call, bool must_fail, bool may_fail) {
    if (was_cancelled(call)) return false;
    if (!model_.readable) require(call.failed(), "what is not readable is not read");
    if (!model_.readable) return false;
    if (was_faulty(call)) return false;
    require(!must_fail || call.failed(), "what is no text is not read");
    require(must_fail || may_fail || !call.failed(), "a read succeeds");
    return !call.failed();
  }

  void read() {
    const std::size_t limit = some_limit();
    const auto wanted = model_.read(limit);
    auto call = run(file_.read(limit));
    if (!may_compare(call, wanted.fails, wanted.may_fail)) return;
    require_same(call.take(), *wanted.text, "read()");
    model_.position = wanted.position;
  }

  void readline() {
    const std::size_t limit = some_limit();
    const auto wanted = model_.readline(limit);
    auto call = run(file_.readline(limit));
    if (!may_compare(call, wanted.fails, wanted.may_fail)) return;
    const std::optional<std::string> line = call.take();
    require(line.has_value() == wanted.text.has_value(), "readline() ends where the file does");
    if (!line) return;
    require_same(*line, *wanted.text, "readline()");
    model_.position = wanted.position;
  }

  void next_lines() {
    const auto wanted = model_.lines();
    auto call = run(file_.next_lines());
    if (!may_compare(call, wanted.must_fail, wanted.may_fail)) return;
    const std::optional<lines> batch = call.take();
    require(batch.has_value() == !wanted.all.empty(), "next_lines() ends where the file does");
    if (!batch) return;
    std::size_t count = 0;
    for (const std::string_view line : *batch) {
      require(count < wanted.all.size(), "next_lines() gives no more lines than there are");
      require_same(line, wanted.all[count++].content, "next_lines()");
    }
    require(count > 0, "next_lines() gives a line at least");
    model_.position = wanted.all[count - 1].end;
  }

  // ---- Writing ---------------------------------------------------------------------------------
  void write() {
    std::string text = repeated(from_.choose(snippets), from_.choose(repeats));
    const auto bytes = model_.encoded(text);
    file_model after = model_;
    if (bytes) after.write(*bytes);
    const bool moves = goes_to_end(after);
    const bool counts_bytes = model_.set == charset::bytes || !bytes;
    const std::size_t size = counts_bytes ? text.size() : characters(text);
    lent_ = text;
    auto call = run(file_.write(std::string_view(text)));
    if (was_cancelled(call)) return adopt_written(after);
    require(call.failed() == (!model_.writable || !bytes), "write() takes what it should");
    if (call.failed()) return;
    require(call.take() == size, "write() counts what it was given");
    model_ = after;
    if (moves) go_to_end();
  }

  bool goes_to_end(const file_model& after) const {
    const bool writes = after.content.size() != model_.content.size();
    return model_.append && writes && model_.position != model_.content.size();
  }

  /// Where an append went, only the kernel knows, and may not be asked inline (drain.cpp).
  void go_to_end() { require_success(run(file_.seek(0, whence::end)), "seek"); }

  static std::size_t characters(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(reference::utf8_character(text));
    return count;
  }

  /// A write that was cancelled has happened whole, or not at all.
  void adopt_written(const file_model& after) {
    write_out();
    const bool happened = *rig_.disk->get(path) == after.content;
    const bool moves = goes_to_end(after);
    if (happened && moves) go_to_end();
    if (happened && (moves || told() == after.position)) model_ = after;
    require_on_disk();
    require(told() == model_.position, "a cancelled write is whole, or none");
  }

  void write_out() { require_success(run(file_.flush()), "flush"); }

  void flush() {
    auto call = run(file_.flush());
    if (was_cancelled(call)) return;
    require_success(call, "flush");
    require_on_disk();
  }

  void truncate() {
    const bool here = from_.flip();
    const std::int64_t size = static_cast<std::int64_t>(some_place()) - 1;
    const std::uint64_t wanted = here ? model_.position : static_cast<std::uint64_t>(size);
    auto call = run(here ? file_.truncate() : file_.truncate(size));
    const bool fails = !model_.writable || (!here && size < 0);
    if (was_cancelled(call)) return adopt_truncated(fails ? model_.content.size() : wanted);
    require(call.failed() == fails, "truncate() of what is writable, to what is a size");
    if (fails) return;
    require(call.take() == wanted, "truncate() says the size");
    model_.content.resize(wanted);
    require_on_disk();
  }

  void adopt_truncated(std::uint64_t size) {
    write_out();
    std::string other = model_.content;
    other.resize(size);
    if (*rig_.disk->get(path) == other) model_.content = other;
    require_on_disk();
  }

  void require_on_disk() {
    require_same(*rig_.disk->get(path), model_.content, "the disk has what was written");
  }

  // ---- The position ----------------------------------------------------------------------------
  std::uint64_t some_place() {
    const std::uint64_t drawn = from_.byte();
    return drawn < 200 ? drawn : drawn * from_.byte() % farthest;
  }

  void seek() {
    const auto from = static_cast<whence>(from_.pick(3));
    std::int64_t offset = static_cast<std::int64_t>(some_place()) - 2;
    if (from != whence::start && from_.flip()) offset = 0;
    const bool coded = model_.set == charset::latin1 || model_.set == charset::utf16;
    const std::uint64_t bases[] = {0, model_.position, model_.content.size()};
    const auto target = bases[static_cast<std::size_t>(from)] + static_cast<std::uint64_t>(offset);
    const bool fails =
        static_cast<std::int64_t>(target) < 0 || (coded && from != whence::start && offset != 0);
    auto call = run(file_.seek(offset, from));
    if (was_cancelled(call)) return adopt_sought(fails ? model_.position : target);
    require(call.failed() == fails, "seek() goes where a file has places");
    if (fails) return;
    require(call.take() == target, "seek() says the place");
    model_.position = target;
  }

  void adopt_sought(std::uint64_t target) {
    const std::uint64_t now = told();
    require(now == model_.position || now == target, "a cancelled seek is done, or not");
    model_.position = now;
  }

  std::uint64_t told() {
    auto call = run(file_.tell());
    require_success(call, "tell");
    return call.take();
  }

  void tell() {
    auto call = run(file_.tell());
    if (was_cancelled(call)) return;
    require_success(call, "tell");
    require(call.take() == model_.position, "tell()");
  }

  input& from_;
  testing::memory_rig rig_;
  std::mt19937_64 random_;  // NOLINT(cert-msc51-cpp): always the same
  file_model model_;
  file file_;
  bool is_open_ = false;
  bool cancels_ = false;  ///< the next call
  std::size_t faults_ahead_ = 0;
  std::span<char> lent_;
};

void check(input from) { session(from).perform(); }

const target calls_target("calls", check);

}  // namespace
}  // namespace ringfiles::fuzzing
