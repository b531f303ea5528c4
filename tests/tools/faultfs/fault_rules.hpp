// The script language of faultfs: which call on which file goes wrong, and how.
//
// A script is a sequence of lines, applied as a whole or not at all:
//
//     clear                          forget all rules, let every held call continue
//     resume [N]                     let the N oldest held calls (all of them) continue; rules stay
//     OP ACTION [FIRST [LAST [GLOB]]]
//
// OP is a name of `known_operations` or `*`. ACTION is one of
//
//     EIO, 5, …     answer this errno; the call does not reach the file
//     short=N       read or write at most N bytes
//     short=N-M     the same with a limit between N and M, drawn anew for each call
//     corrupt       flip bits of the first byte read or written
//     delay=MS      carry the call out MS milliseconds later
//     hang          hold the call until `clear` or `resume`; a signal to the caller ends it (EINTR)
//     deaf          the same, but signals are ignored, as on a dead network mount
//     pass          count only
//
// FIRST and LAST number the calls that match OP and GLOB, from 1 (default: all of them). GLOB is
// matched against the path below the mount ("logs/a.log"; the root is ".") and against the last
// part of it; `*` also matches slashes. Every rule that matches counts and acts, so a delay and
// an errno on the same call add up. "" and lines that start with # are ignored.
//
// Two things never fail or wait: the control file, and the attributes of the root, which the
// kernel asks for on the way to it.
//
// SAFETY: all members of rule_set may be called from any thread.
#pragma once

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../errno_names.hpp"

namespace faultfs {

// `open` is the opening of a file that exists, `create` of one that does not; `truncate` is the
// setattr that changes the size.
inline constexpr std::array<std::string_view, 24> known_operations = {
    "*",     "lookup", "getattr", "setattr",  "truncate", "open",    "create",   "read",
    "write", "flush",  "fsync",   "release",  "opendir",  "readdir", "fsyncdir", "mkdir",
    "rmdir", "unlink", "rename",  "readlink", "link",     "symlink", "statfs",   "fallocate",
};

// What is to happen to one call: the sum of all rules that hit it. The generation counts the
// `clear`s before: a call judged by rules that are gone must not start to hang afterwards.
struct verdict {
  int error = 0;
  std::size_t byte_limit = std::numeric_limits<std::size_t>::max();
  std::size_t least_limit = 0;  // of a rule whose limit varies; else 0
  std::chrono::milliseconds delay{0};
  bool hang = false;
  bool deaf = false;
  bool corrupt = false;
  std::uint64_t generation = 0;

  bool holds() const { return hang || delay.count() > 0; }
};

struct rule {
  std::string operation;
  std::string action;
  std::uint64_t first = 1;
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  std::string glob = "*";
  verdict effect;
  std::uint64_t seen = 0;
  std::uint64_t hit = 0;

  bool matches(std::string_view called, const std::string& path) const {
    if (operation != "*" && operation != called) return false;
    const std::string name = path.substr(path.rfind('/') + 1);
    return ::fnmatch(glob.c_str(), path.c_str(), 0) == 0 ||
           ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
  }
};

// What a script asks for beside rules: how many held calls may go on, and which generation the
// rules are now.
struct script_effect {
  std::size_t resume = 0;
  std::uint64_t generation = 0;
};

inline std::uint64_t parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto parsed = std::from_chars(begin, end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    throw std::invalid_argument("not a number: " + std::string(text));
  }
  return number;
}

inline verdict parse_action(std::string_view text) {
  verdict effect;
  if (text.starts_with("short=")) {
    const std::string_view limits = text.substr(6);
    const std::size_t dash = limits.find('-');
    effect.byte_limit = parse_count(limits.substr(dash == limits.npos ? 0 : dash + 1));
    if (dash != limits.npos) effect.least_limit = parse_count(limits.substr(0, dash));
    if (effect.least_limit > effect.byte_limit) throw std::invalid_argument("no such range");
  } else if (text.starts_with("delay=")) {
    effect.delay = std::chrono::milliseconds(parse_count(text.substr(6)));
  } else if (text == "hang" || text == "deaf") {
    effect.hang = true;
    effect.deaf = text == "deaf";
  } else if (text == "corrupt") {
    effect.corrupt = true;
  } else if (text != "pass") {
    const auto error = test_tools::parse_errno(text);
    if (!error) throw std::invalid_argument("unknown action: " + std::string(text));
    effect.error = *error;
  }
  return effect;
}

inline rule parse_rule(const std::vector<std::string>& words) {
  if (words.size() < 2 || words.size() > 5) throw std::invalid_argument("2 to 5 words, please");
  rule made;
  made.operation = words[0];
  if (std::find(known_operations.begin(), known_operations.end(), words[0]) ==
      known_operations.end()) {
    throw std::invalid_argument("unknown operation: " + words[0]);
  }
  made.action = words[1];
  made.effect = parse_action(words[1]);
  if (words.size() > 2) made.first = parse_count(words[2]);
  if (words.size() > 3) made.last = parse_count(words[3]);
  if (words.size() > 4) made.glob = words[4];
  return made;
}

class rule_set {
 public:
  // ERRORS: std::invalid_argument names the bad line; nothing of the script is applied then.
  script_effect apply(const std::string& script) {
    const std::lock_guard guard(mutex_);
    std::vector<rule> changed = rules_;
    script_effect effect{0, generation_};
    std::istringstream lines(script);
    for (std::string line; std::getline(lines, line);) apply_line(line, changed, effect);
    rules_ = std::move(changed);
    generation_ = effect.generation;
    return effect;
  }

  verdict judge(std::string_view operation, const std::string& path) {
    const std::lock_guard guard(mutex_);
    verdict sum;
    sum.generation = generation_;
    for (rule& each : rules_) {
      if (!each.matches(operation, path)) continue;
      ++each.seen;
      if (each.seen < each.first || each.seen > each.last) continue;
      ++each.hit;
      add(each.effect, sum);
    }
    return sum;
  }

  // One line for each rule, in the order in which they were written.
  std::string report() const {
    const std::lock_guard guard(mutex_);
    std::ostringstream text;
    for (const rule& each : rules_) {
      text << "seen=" << each.seen << " hit=" << each.hit << ' ' << each.operation << ' '
           << each.action << ' ' << each.first << ' ' << each.last << ' ' << each.glob << '\n';
    }
    return text.str();
  }

 private:
  static void apply_line(const std::string& line, std::vector<rule>& rules, script_effect& effect) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty() || words[0].starts_with('#')) return;
    if (words[0] == "clear" && words.size() == 1) {
      rules.clear();
      ++effect.generation;
      effect.resume = std::numeric_limits<std::size_t>::max();
    } else if (words[0] == "resume") {
      effect.resume =
          words.size() > 1 ? parse_count(words[1]) : std::numeric_limits<std::size_t>::max();
    } else {
      rules.push_back(parse_rule(words));
    }
  }

  std::size_t limit_of(const verdict& effect) {
    if (effect.least_limit == 0) return effect.byte_limit;
    return effect.least_limit + random_() % (effect.byte_limit - effect.least_limit + 1);
  }

  void add(const verdict& effect, verdict& sum) {
    if (sum.error == 0) sum.error = effect.error;
    sum.byte_limit = std::min(sum.byte_limit, limit_of(effect));
    sum.delay += effect.delay;
    sum.hang = sum.hang || effect.hang;
    sum.deaf = sum.deaf || effect.deaf;
    sum.corrupt = sum.corrupt || effect.corrupt;
  }

  mutable std::mutex mutex_;
  std::vector<rule> rules_;
  std::uint64_t generation_ = 0;
  std::mt19937_64 random_;
};

}  // namespace faultfs
