#include <algorithm>
#include <utility>

#include "file/calls.hpp"
#include "file/read_calls.hpp"
#include "text/newlines.hpp"
#include "text/utf8.hpp"

namespace ringfiles::detail {
namespace {

class read_line final : public read_call<std::optional<std::string>> {
 public:
  read_line(file_state& file, std::size_t limit) noexcept : read_call(file), limit_{limit} {}
  static read_line* make(file_state& file, std::size_t limit) {
    auto* kept = take_spare<read_line>(file, spare::line);
    if (kept == nullptr) return new read_line(file, limit);
    kept->limit_ = {limit};
    return kept;
  }

 private:
  const char* name() const noexcept override { return "readline"; }
  void retire() noexcept override { retire_as(spare::line); }

  verdict take(std::string_view window, bool malformed, bool final) override {
    if (limit_.characters == 0) {
      succeed(std::string());
      return verdict::ended;
    }
    // Ahead of malformed bytes no line may end for want of a terminator.
    std::string line;
    if (const std::size_t raw = find_line(file_, window, limit_, final && !malformed, line)) {
      consume(raw);
      succeed(std::move(line));
      return verdict::ended;
    }
    if (malformed) return refuse_malformed();
    if (!final) return verdict::more;
    succeed(std::nullopt);
    return verdict::ended;
  }

  line_limit limit_;
};

class read_line_batch final : public read_call<std::optional<lines>> {
 public:
  using read_call::read_call;

 private:
  const char* name() const noexcept override { return "next_lines"; }

  verdict take(std::string_view window, bool malformed, bool final) override {
    const bool ends_here = final && !malformed;
    // What was searched before holds no line end, so a long line is searched once; but a '\r' at
    // its end may have become one.
    std::size_t& scanned = file_.line_scan();
    const std::size_t old = std::min(scanned, window.size());
    const std::string_view fresh = window.substr(old);
    const newline mode = effective_newline(file_, fresh);
    const std::size_t end = text::end_of_last_line(fresh, mode, false);
    const std::size_t size = ends_here ? window.size() : end > 0 ? old + end : 0;
    scanned = window.empty() ? 0 : window.size() - 1;
    if (size > 0) {
      std::optional<lines> batch(std::in_place, file_.readable().share(), window.substr(0, size),
                                 mode);
      consume(size);
      succeed(std::move(batch));
      return verdict::ended;
    }
    if (malformed) return refuse_malformed();
    if (!final) return verdict::more;
    succeed(std::nullopt);
    return verdict::ended;
  }
};

class read_all_lines final : public read_call<std::vector<std::string>> {
 public:
  read_all_lines(file_state& file, std::size_t hint) noexcept : read_call(file), left_(hint) {}

 private:
  const char* name() const noexcept override { return "readlines"; }

  verdict take(std::string_view window, bool malformed, bool final) override {
    const bool limited = left_ != all;
    std::size_t used = 0;
    bool enough = false;
    line_limit none;
    while (!enough) {
      std::string line;
      const std::size_t raw =
          find_line(file_, window.substr(used), none, final && !malformed, line);
      if (raw == 0) break;
      file_.line_scan() = 0;
      used += raw;
      if (limited) {
        const std::size_t size =
            file_.about().mode.text ? text::count_characters(line) : line.size();
        enough = size > left_;
        left_ -= std::min(left_, size);
      }
      lines_.push_back(std::move(line));
    }
    consume(used);
    if (!enough && malformed) return refuse_malformed();
    if (!enough && !final) return verdict::more;
    succeed(std::move(lines_));
    return verdict::ended;
  }

  std::vector<std::string> lines_;
  std::size_t left_;
};

}  // namespace

operation<std::optional<std::string>> readline_operation(file_state& file, std::size_t limit) {
  return operation<std::optional<std::string>>(read_line::make(file, limit));
}
operation<std::optional<lines>> next_lines_operation(file_state& file) {
  return operation<std::optional<lines>>(new read_line_batch(file));
}
operation<std::vector<std::string>> readlines_operation(file_state& file, std::size_t hint) {
  // As in Python, a hint of zero means none.
  return operation<std::vector<std::string>>(new read_all_lines(file, hint == 0 ? all : hint));
}

}  // namespace ringfiles::detail
