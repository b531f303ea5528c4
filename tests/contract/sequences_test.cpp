// Random sequences of calls on files of all kinds, played on CPython's open() and on ours.
//
//   ringfiles_contract_tests --gtest_filter='*sequences*'                 # 20,000
//   RINGFILES_SEQUENCES=1000000 RINGFILES_SEED=1 ringfiles_contract_tests …
//   RINGFILES_SEQUENCES=1 RINGFILES_SEED=4711 ringfiles_contract_tests …  # plays one again
//
// Seed n is always the same sequence. One that differs is cut down to the calls that it takes.
// What is left out, because Python's answer hangs on the size of its buffers or is no answer that
// anybody would want, is told in docs/open.md.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "python_suite.hpp"

namespace ringfiles::contract {
namespace {

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* const set = std::getenv(variable);
  return set == nullptr ? otherwise : std::strtoull(set, nullptr, 10);
}

/// A script in parts that belong together: what is left out is a part as a whole.
struct sequence {
  script header;
  std::vector<std::vector<step>> parts;

  script whole() const {
    script made = header;
    for (const auto& part : parts) made.steps.insert(made.steps.end(), part.begin(), part.end());
    return made;
  }
};

/// Makes the sequence of one seed.
class sequence_maker {
 public:
  explicit sequence_maker(std::uint64_t seed) : random_(seed) {}

  sequence make() {
    made_.mode = one_of({"r", "r", "r+", "w", "w+", "a", "a+", "x", "x+"});
    text_ = below(2) == 0;
    if (!text_) made_.mode += 'b';
    reads_ = made_.mode[0] == 'r' || has('+');
    writes_ = made_.mode[0] != 'r' || has('+');
    if (text_) choose_text();
    made_.buffering = text_ ? pick<int>({-1, -1, 1, 2, 512}) : pick<int>({-1, -1, 0, 2, 512});
    if (below(12) > 0 && made_.mode[0] != 'x') made_.content = content();
    const std::size_t length = 3 + below(14);
    while (made_all_.parts.size() < length) {
      made_all_.parts.emplace_back();
      add_step();
    }
    return std::move(made_all_);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::int64_t number_below(std::uint64_t bound) { return static_cast<std::int64_t>(below(bound)); }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }
  std::string one_of(std::initializer_list<const char*> choices) { return pick(choices); }
  bool has(char letter) const { return made_.mode.find(letter) != std::string::npos; }

  void choose_text() {
    made_.newline = one_of({"None", "None", "''", "'\\n'", "'\\r'", "'\\r\\n'"});
    made_.encoding = one_of({"utf-8", "utf-8", "utf-8", "utf-8-sig", "ascii", "latin-1", "utf-16",
                             "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "cp1252", "koi8-r"});
    // Whether a mark that was appended is one depends on what Python's decoder has met before.
    if (made_.mode == "a+" && has_mark()) made_.encoding = one_of({"utf-16-le", "utf-32-le"});
    made_.errors = one_of({"strict", "strict", "ignore", "replace", "backslashreplace",
                           "surrogateescape", "xmlcharrefreplace"});
  }

  bool has_mark() const {
    return made_.encoding == "utf-16" || made_.encoding == "utf-32" ||
           made_.encoding == "utf-8-sig";
  }

  /// Whether half a character that was ignored at the end is in front of what is written there
  /// later, or was read, CPython decides now so, now so.
  bool may_end_oddly() const { return !writes_ || made_.errors != "ignore"; }
  std::int64_t some_length() {
    const std::int64_t length = number_below(60);
    // Half a mark is nothing to CPython, whatever the handler.
    return may_end_oddly() && !has_mark() ? length : length / 4 * 4;
  }

  /// Well-formed in most encodings that a script may have, malformed in some.
  std::string piece() {
    static const std::string usual[] = {"a",      "bc ",     "\n",   "\r\n",   "\r",
                                        "line\n", "end\r\n", "\n\n", "x\ry\n", "0123456789"};
    static const std::string letters[] = {"é", "€", "ÿ\n", "語", "\U0001f600", "х\r", "\u2028"};
    static const std::string odd[] = {
        std::string(1, '\0'), "\xc3",         "\xe2\x82",         "\xf0\x9f\x98",
        "\xc0\x80",           "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xed\xa0\x80",
        "\xf4\x90\x80\x80",   "\xff",         "\xfe\xff",         "\xff\xfe",
        "\xef\xbb\xbf",       "\x80"};
    const std::uint64_t kind = below(40);
    if (kind == 0 && !wide_ && may_end_oddly()) return odd[below(std::size(odd))];
    const std::string chosen =
        kind < 12 ? letters[below(std::size(letters))] : usual[below(std::size(usual))];
    return wide_ ? widened(chosen) : chosen;
  }

  /// As UTF-16 or UTF-32, which the pieces of a file in these are.
  std::string widened(std::string_view text) const {
    const bool big = made_.encoding.ends_with("-be");
    const std::size_t width = made_.encoding.starts_with("utf-32") ? 4 : 2;
    std::string wide;
    for (const char letter : text) {
      if ((static_cast<unsigned char>(letter) & 0x80U) != 0) continue;
      std::string unit(width, '\0');
      unit[big ? width - 1 : 0] = letter;
      wide += unit;
    }
    return wide;
  }

  std::string content() {
    wide_ = text_ && (made_.encoding.starts_with("utf-16") || made_.encoding.starts_with("utf-32"));
    std::string made;
    if (wide_ && below(2) == 0)
      made = made_.encoding.starts_with("utf-16") ? "\xff\xfe" : std::string("\xff\xfe\0\0", 4);
    // Ours reads chunks of 64 and 128 KiB and decodes 8 KiB at a time, Python's has 8 KiB or n.
    const std::uint64_t size = below(50) == 0   ? pick<std::uint64_t>({65536, 131072, 200000})
                               : below(10) == 0 ? pick<std::uint64_t>({8192, 16384})
                               : below(4) == 0  ? 512
                                                : 0;
    if (size > 0) {
      const std::uint64_t before = size - std::min<std::uint64_t>(size, 4 + below(24));
      const std::string filler = wide_ ? widened("p") : "p";
      while (made.size() < before) made += filler;
    }
    for (std::uint64_t n = below(size > 0 ? 12 : 24); n > 0; --n) made += piece();
    if (wide_ && may_end_oddly() && below(8) == 0)
      made += one_of({"\xd8", "\x3d\xd8", "x", "\xff\xff\xff\xff"});
    return made;
  }

  /// UTF-8, with lone surrogates now and then.
  std::string data() {
    if (below(60) == 0) return std::string(pick<std::size_t>({600, 8190, 8192, 8193, 70000}), 'd');
    std::string made;
    for (std::uint64_t n = below(5); n > 0; --n)
      made += one_of(
          {"x", "two\n", "a\r\nb", "r\r", "0123456789\n\n", "é", "€", "plain", "語", "\U0001f600"});
    // CPython leaves the mark out when the first write after a seek to the start has failed.
    if (text_ && !has_mark() && below(30) == 0) made += "\xed\xb2\x80";
    return made;
  }

  std::int64_t some_size() {
    // Python has nothing against reading nothing from what is closed, or cannot be read.
    const std::int64_t least = reads_ && made_.buffering != 0 ? 0 : 1;
    switch (below(8)) {
      case 0:
        return -1;
      case 1:
        return least;
      case 2:
        return pick<std::int64_t>({511, 512, 513, 8191, 8192, 8193, 65535, 65536, 65537});
      default:
        return least + number_below(24);
    }
  }

  void add(step next) {
    told_ = told_ || std::string_view("mhxc").find(next.call) != std::string_view::npos;
    made_all_.parts.back().push_back(std::move(next));
  }
  /// Python's text writes behind what it has read ahead, unless it is told where it stands; and a
  /// cookie of tell() may have it read a few bytes more than it says.
  void settle_text() {
    if (text_ && reads_) add({'s', 0, below(2) == 0 ? 0 : 2});
  }

  void add_step() {
    const std::uint64_t kind = below(20);
    if (kind < 8)
      add_read();
    else if (kind < 13)
      add_write();
    else if (kind < 16)
      add_seek();
    else if (kind < 17)
      add_truncate();
    else if (kind < 18)
      add_flush();
    else if (kind < 19)
      add_question();
    else if (below(6) == 0)
      add({'c'});
  }

  void add_read() {
    if (!reads_ && below(4) > 0) return add_write();
    switch (below(10)) {
      case 0:
        return add({'L', pick<std::int64_t>({-1, 0, 1, 5, 20})});
      case 1:
        return add({text_ || !reads_ || made_.buffering == 0 ? 'n' : 'p'});
      case 2:
        return add({reads_ ? 'x' : 'r', number_below(30)});
      case 3:
        if (!text_) return add({'i', number_below(40)});
        [[fallthrough]];
      case 4:
      case 5:
      case 6:
        return add({'l', some_size()});
      case 7:
        // How much is at hand is the same only if one look into the file shows all of it.
        if (made_.mode == "rb" && made_.buffering < 0 && made_.content &&
            made_.content->size() < 4096)
          return add({'1', number_below(30)});
        [[fallthrough]];
      default:
        add({'r', some_size()});
        // Both have met all of them at the end, whatever they read ahead; but CPython forgets them
        // when it tells where it is. (A closed file comes to no end.)
        if (made_.mode == "r" && !told_ && made_all_.parts.back().back().number < 0) add({'N'});
    }
  }

  void add_write() {
    if (!writes_ && below(4) > 0) return add_read();
    settle_text();
    if (below(5) == 0)
      add({'W', -1, 0, one_of({"one\n|two\n", "|", "a|b|c", "", "x\r\n|y"})});
    else
      add({'w', -1, 0, data()});
    // CPython's text reads beside what its buffer has yet to write, which then lands elsewhere.
    if (text_ && reads_) add({'f'});
    // What C's stdio demands, too; Python's append would show what it has read ahead.
    if (made_.mode == "a+b" && made_.buffering != 0) {
      add({'f'});
      add({'s', number_below(40)});
    }
  }

  void add_seek() {
    if (text_) {
      if (reads_ && below(2) == 0) return add({below(2) == 0 ? 'm' : 'b'});
      if (below(3) == 0) return add({'h'});
      return add({'s', 0, below(2) == 0 ? 0 : 2});
    }
    switch (below(4)) {
      case 0:
        return add({'s', number_below(20) - 10, 1 + static_cast<int>(below(2))});
      case 1:
        return add({'s', pick<std::int64_t>({-1, 511, 512, 8192, 65536, 70000})});
      default:
        return add({'s', number_below(40)});
    }
  }

  void add_truncate() {
    if (!text_) return add({'T', below(3) == 0 ? -1 : some_length()});
    // It also keeps what it has decoded, though the file has become shorter; and a "\r" that it has
    // met comes back with the cookie of a place that is there no more.
    const bool here = below(3) == 0;
    if (here) settle_text();
    add({'T', here ? -1 : some_length()});
    if (!reads_) return;
    settle_text();
    add({'m'});
  }

  /// After readlines(hint) and a flush CPython's text tells that it is elsewhere.
  void add_flush() {
    if (!text_ || !reads_) add({'f'});
  }

  void add_question() {
    if (text_) return add({'q'});
    // Where appended bytes are is known when they are written, which a small buffer does sooner.
    if (made_.mode[0] == 'a') add({'f'});
    add({'t'});
  }

  std::mt19937_64 random_;
  sequence made_all_;
  script& made_ = made_all_.header;
  bool text_ = false;
  bool reads_ = false;
  bool writes_ = false;
  bool wide_ = false;
  bool told_ = false;
};

class sequences : public python_suite {
 protected:
  static constexpr std::uint64_t batch = 5000;

  std::uint64_t count() const {
    const std::uint64_t wanted = number_of("RINGFILES_SEQUENCES", soak()      ? 1'000'000
                                                                  : sanitized ? 1000
                                                                              : 20'000);
    // On a disk each costs a file.
    return on_kernel() && wanted > 1 ? (wanted + 9) / 10 : wanted;
  }

  /// Python decodes 8 KiB at a time and fails for what is wrong in them; ours gives what is good
  /// before that, so nothing is asked of what follows. encoding_test.cpp does, with whole files.
  /// Nor is it when Python has lost its place in a text.
  static bool agree(const std::vector<std::string>& ours, const std::vector<std::string>& pythons) {
    const std::array ends{say_lost(), say_undecodable()};
    const auto end = std::find_first_of(pythons.begin(), pythons.end(), ends.begin(), ends.end());
    if (end == pythons.end()) return ours == pythons;
    const auto told = static_cast<std::size_t>(end - pythons.begin());
    return ours.size() > told && std::equal(pythons.begin(), end, ours.begin());
  }

  static std::string side_by_side(const std::vector<std::string>& pythons,
                                  const std::vector<std::string>& ours) {
    const auto told = [](const std::vector<std::string>& words, std::size_t i) {
      constexpr std::size_t half = 60;
      std::string word = i < words.size() ? words[i] : "-";
      if (word.size() <= 2 * half) return word;
      return word.substr(0, half) + "..." + word.substr(word.size() - half) + " (" +
             std::to_string(word.size()) + ")";
    };
    std::string text;
    for (std::size_t i = 0; i < std::max(pythons.size(), ours.size()); ++i) {
      text += "\n  " + told(pythons, i);
      if (told(pythons, i) != told(ours, i)) text += "\n    but ours: " + told(ours, i);
    }
    return text;
  }

  /// Leaves out what the difference does not need.
  script cut_down(sequence differing) {
    for (bool shorter = true; shorter;) {
      shorter = false;
      for (std::size_t i = differing.parts.size(); i > 0; --i) {
        sequence less = differing;
        less.parts.erase(less.parts.begin() + static_cast<std::ptrdiff_t>(i) - 1);
        const script tried = less.whole();
        if (agree(answer(tried), ask_python({tried})->at(0))) continue;
        differing = std::move(less);
        shorter = true;
      }
    }
    return differing.whole();
  }
};
CONTRACT_FOR_ALL(sequences);

TEST_P(sequences, AreAnsweredAsByPython) {
  const std::uint64_t first = number_of("RINGFILES_SEED", 1);
  const std::uint64_t end = first + count();
  std::uint64_t played = 0;
  std::uint64_t calls = 0;
  std::vector<script> scripts;
  for (std::uint64_t seed = first; seed < end; seed += batch) {
    scripts.clear();
    for (std::uint64_t i = seed; i < std::min(end, seed + batch); ++i)
      scripts.push_back(sequence_maker(i).make().whole());
    const auto answers = ask_python(scripts);
    if (!answers) GTEST_SKIP() << "there is no python3 to compare with";
    for (std::size_t i = 0; i < scripts.size(); ++i) {
      const std::vector<std::string> ours = answer(scripts[i]);
      ++played;
      calls += ours.size();
      if (agree(ours, answers->at(i))) continue;
      const script least = cut_down(sequence_maker(seed + i).make());
      FAIL() << "seed " << seed + i << " differs, cut down to\n  " << least.text()
             << side_by_side(ask_python({least})->at(0), answer(least));
    }
  }
  std::printf("%llu sequences (seeds %llu to %llu), %llu answers, 0 differences\n",
              static_cast<unsigned long long>(played), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(end - 1), static_cast<unsigned long long>(calls));
}

}  // namespace
}  // namespace ringfiles::contract
