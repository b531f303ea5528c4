// Lines: text that arrives in pieces is split, and translated, as a simple reference does it.
#include "ringfiles/lines.hpp"

#include "fuzz/reference.hpp"
#include "fuzz/target.hpp"
#include "text/newlines.hpp"

namespace ringfiles::fuzzing {
namespace {

constexpr newline modes[] = {newline::universal, newline::untranslated, newline::lf, newline::cr,
                             newline::crlf};

/// The text, some of which has arrived, in memory of exactly that size.
class arriving {
 public:
  arriving(std::string_view text, cuts& sizes) : text_(text), sizes_(sizes) {}

  bool final() const { return there_.size() == text_.size(); }
  std::string_view bytes() const { return {there_.data(), there_.size()}; }
  void more() {
    const std::size_t size = std::min(there_.size() + sizes_.next(), text_.size());
    there_.assign(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(size));
    there_.shrink_to_fit();
    if (++pieces_ > text_.size() + 256) there_.assign(text_.begin(), text_.end());
  }

 private:
  std::string_view text_;
  cuts& sizes_;
  std::vector<char> there_;
  std::size_t pieces_ = 0;  ///< some are empty
};

using reference_lines = std::vector<reference::line>;

void check_batch(std::string_view text, newline mode, const reference_lines& wanted,
                 std::size_t& at) {
  const lines batch(nullptr, text, mode);
  std::size_t count = 0;
  for (const std::string_view line : batch) {
    require(at < wanted.size(), "there are no more lines than there are");
    require_same(line, wanted[at++].content, "a line of a batch is that of the reference");
    ++count;
  }
  require(batch.count() == count, "count() is what an iteration gives");
  require(batch.empty() == (count == 0), "empty() is to have no line");
}

void check_batches(std::string_view text, newline mode, cuts sizes, const reference_lines& wanted) {
  arriving from(text, sizes);
  std::size_t done = 0, at = 0;
  while (!from.final()) {
    from.more();
    const std::string_view fresh = from.bytes().substr(done);
    const std::size_t end = text::end_of_last_line(fresh, mode, from.final());
    check_batch(fresh.substr(0, end), text::effective_newline(fresh, mode), wanted, at);
    done += end;
  }
  check_batch(text.substr(done), mode, wanted, at);
  require(at == wanted.size(), "batches hold all lines");
}

void check_one_by_one(std::string_view text, newline mode, cuts sizes,
                      const reference_lines& wanted) {
  arriving from(text, sizes);
  std::size_t done = 0, searched = 0, at = 0;
  for (;;) {
    const std::string_view fresh = from.bytes().substr(done);
    const auto end = text::find_line_end(fresh, mode, searched, from.final());
    if (end) {
      require(at < wanted.size(), "there are no more line ends than there are");
      const reference::line& line = wanted[at++];
      require_same(fresh.substr(0, end->content), line.content, "content of a line found");
      require_same(fresh.substr(end->content, end->total - end->content), line.terminator,
                   "terminator of a line found");
      done += end->total;
      searched = 0;
    } else if (from.final()) {
      break;
    } else {
      searched = fresh.size();
      from.more();
    }
  }
  const bool rest = at < wanted.size() && wanted[at].terminator.empty();
  require(at + (rest ? 1 : 0) == wanted.size(), "every line end is found");
}

void check_reading(std::string_view text, newline mode, cuts sizes) {
  arriving from(text, sizes);
  std::string seen;
  std::size_t done = 0;
  do {
    from.more();
    const std::string_view fresh = from.bytes().substr(done);
    const std::size_t settled = text::settled_size(fresh, mode, from.final());
    std::string part(fresh.substr(0, settled));
    text::translate_for_reading(part, mode);
    const bool differs = part != fresh.substr(0, settled);
    require(!differs || text::needs_translation(fresh, mode), "what needs no translation has none");
    seen += part;
    done += settled;
  } while (!from.final());
  require(done == text.size(), "at the end everything is settled");
  require_same(seen, reference::translated(text, mode), "translation in pieces");
}

void check(input from) {
  const newline mode = from.choose(modes);
  const cuts sizes(from);
  const std::string_view text = from.rest();
  const reference_lines wanted = reference::lines_of(text, mode);
  std::size_t at = 0;
  check_batch(text, mode, wanted, at);
  require(at == wanted.size(), "a batch of the whole text holds all lines");
  check_batches(text, mode, sizes, wanted);
  check_one_by_one(text, mode, sizes, wanted);
  check_reading(text, mode, sizes);
  require_same(text::translate_for_writing(text, mode), reference::written(text, mode),
               "translation for writing");
}

const target lines_target("lines", check);

}  // namespace
}  // namespace ringfiles::fuzzing
