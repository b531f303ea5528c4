#include "fs/glob.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace ringfiles::fs {
namespace {

namespace stdfs = std::filesystem;
constexpr auto npos = std::string_view::npos;

// The first character, taken off `text`. A byte that is no UTF-8 is a character of its own, above
// all that Unicode has. Overlong forms pass: they only have to equal themselves. REQUIRES: not
// empty.
char32_t take_character(std::string_view& text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  const std::size_t size = lead < 0xC0   ? 1
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF8 ? 4
                                         : 1;
  const auto is_continuation = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
  };
  const std::string_view tail = text.substr(1, size - 1);
  char32_t value = lead < 0x80 ? lead : 0x110000 + lead;
  if (size > 1 && tail.size() == size - 1 && std::ranges::all_of(tail, is_continuation)) {
    value = lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) value = value << 6 | (at(i) & 0x3FU);
    text.remove_prefix(size);
  } else {
    text.remove_prefix(1);
  }
  return value;
}

// One name's part of a pattern, ready to be compared with many names.
class name_pattern {
 public:
  explicit name_pattern(std::string_view part);

  bool is_literal() const { return is_literal_; }
  const std::string& literal() const { return literal_; }
  bool is_recursive() const { return is_recursive_; }
  bool matches(std::string_view name) const;

 private:
  struct range {
    char32_t first;
    char32_t last;
  };
  // A character is one of a set of one, and `?` is none of an empty set.
  struct element {
    enum class kind { one_of, none_of, run } what;
    std::vector<range> set;
  };

  static std::optional<element> take_set(std::string_view& part);
  static bool accepts(const element& wanted, char32_t character);
  void add_character(std::string_view& part);

  std::vector<element> elements_;
  std::string literal_;  // what it stands for if nothing in it is special
  bool is_literal_ = true;
  bool is_recursive_ = false;
  bool shows_hidden_ = false;
};

name_pattern::name_pattern(std::string_view part)
    : is_recursive_(part == "**"), shows_hidden_(part.starts_with('.')) {
  while (!part.empty()) {
    const char first = part.front();
    std::optional<element> special;
    if (first == '*') {
      part.remove_prefix(1);
      special = element{element::kind::run, {}};
    } else if (first == '?') {
      part.remove_prefix(1);
      special = element{element::kind::none_of, {}};
    } else if (first == '[') {
      special = take_set(part);
    }
    if (special) {
      elements_.push_back(std::move(*special));
      is_literal_ = false;
    } else {
      add_character(part);
    }
  }
}

void name_pattern::add_character(std::string_view& part) {
  if (part.front() == '\\' && part.size() > 1) part.remove_prefix(1);
  const std::string_view before = part;
  const char32_t character = take_character(part);
  literal_ += before.substr(0, before.size() - part.size());
  elements_.push_back({element::kind::one_of, {{character, character}}});
}

// "[a-z_]". A "]" directly behind the opening is a member, and so is a "-" at either end. Without a
// closing bracket the opening one is an ordinary character, and nothing is taken.
std::optional<name_pattern::element> name_pattern::take_set(std::string_view& part) {
  const bool negated = part.substr(1).starts_with('!');
  const std::size_t first_member = negated ? 2 : 1;
  const std::size_t close = part.find(']', first_member + 1);
  if (close == npos) return std::nullopt;
  std::string_view members = part.substr(first_member, close - first_member);
  part.remove_prefix(close + 1);
  element set{negated ? element::kind::none_of : element::kind::one_of, {}};
  while (!members.empty()) {
    const char32_t first = take_character(members);
    char32_t last = first;
    if (members.size() > 1 && members.front() == '-') {
      members.remove_prefix(1);
      last = take_character(members);
    }
    set.set.push_back({first, last});
  }
  return set;
}

bool name_pattern::accepts(const element& wanted, char32_t character) {
  const bool is_member = std::ranges::any_of(wanted.set, [&](const range& each) {
    return each.first <= character && character <= each.last;
  });
  return is_member == (wanted.what == element::kind::one_of);
}

// Goes back to the last `*` only: an earlier one could not do better. So it takes at most
// pattern times name steps, whatever the pattern.
bool name_pattern::matches(std::string_view name) const {
  if (name.starts_with('.') && !shows_hidden_) return false;
  std::size_t next = 0;
  std::size_t after_run = npos;  // the element behind the last `*`
  std::string_view resume;       // the name as it was there
  while (!name.empty()) {
    if (next < elements_.size() && elements_[next].what == element::kind::run) {
      after_run = ++next;
      resume = name;
      continue;
    }
    std::string_view ahead = name;
    if (next < elements_.size() && accepts(elements_[next], take_character(ahead))) {
      ++next;
      name = ahead;
    } else if (after_run != npos) {
      take_character(resume);  // the run takes one character more
      name = resume;
      next = after_run;
    } else {
      return false;
    }
  }
  return std::all_of(elements_.begin() + static_cast<std::ptrdiff_t>(next), elements_.end(),
                     [](const element& each) { return each.what == element::kind::run; });
}

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return stdfs::is_directory(path, ignored);
}

// "logs/" + "a.log". `base` is empty for the current folder, else it ends in a slash.
std::string named(const std::string& base, const stdfs::directory_entry& entry) {
  return base + entry.path().filename().native();
}

// All entries of a folder at once, so that no descriptor stays open while its subfolders are read.
std::vector<stdfs::directory_entry> read_folder(const std::string& base, bool must_exist,
                                                glob_errors& errors) {
  std::vector<stdfs::directory_entry> entries;
  std::error_code failure;
  stdfs::directory_iterator next(base.empty() ? "." : base, failure);
  while (!failure && next != stdfs::directory_iterator()) {
    entries.push_back(*next);
    next.increment(failure);
  }
  const bool is_absent = failure.value() == ENOENT || failure.value() == ENOTDIR;
  if (failure && (must_exist || !is_absent)) {
    std::string path = base.empty() ? "." : base;
    if (path.size() > 1 && path.ends_with('/')) path.pop_back();
    errors.push_back({std::move(path), failure.value()});
  }
  return entries;
}

void sort_each_once(std::vector<std::string>& paths) {
  std::ranges::sort(paths);
  const auto repeated = std::ranges::unique(paths);
  paths.erase(repeated.begin(), repeated.end());
}

// The walk along the parts of one pattern. Everywhere, `base` is what has been matched so far:
// empty, or ending in a slash; `index` is the part that comes next.
class expansion {
 public:
  explicit expansion(std::string_view pattern);
  std::vector<std::string> run(glob_errors& errors);

 private:
  void expand(const std::string& base, std::size_t index);
  void expand_names(const std::string& base, std::size_t index);
  void expand_recursive(const std::string& base, std::size_t index);
  void expand_below(const std::string& base, std::size_t index);
  bool is_last(std::size_t index) const { return index + 1 == parts_.size(); }

  std::string root_;  // the slashes at the start
  std::vector<name_pattern> parts_;
  bool folders_only_;
  glob_errors errors_;
  std::vector<std::string> found_;
};

expansion::expansion(std::string_view pattern) : folders_only_(pattern.ends_with('/')) {
  root_ = pattern.substr(0, std::min(pattern.find_first_not_of('/'), pattern.size()));
  for (pattern.remove_prefix(root_.size()); !pattern.empty();) {
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const name_pattern part(pattern.substr(0, end));
    // "**/**" is "**", only slower.
    const bool repeats = part.is_recursive() && !parts_.empty() && parts_.back().is_recursive();
    if (end > 0 && !repeats) parts_.push_back(part);
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
}

std::vector<std::string> expansion::run(glob_errors& errors) {
  expand(root_, 0);
  sort_each_once(found_);
  // `**` looks into a folder twice, for itself and for what follows.
  std::ranges::sort(errors_, {}, &glob_failure::path);
  const auto repeated = std::ranges::unique(errors_, {}, &glob_failure::path);
  errors.insert(errors.end(), errors_.begin(), repeated.begin());
  return std::move(found_);
}

void expansion::expand(const std::string& base, std::size_t index) {
  if (index == parts_.size()) {
    // Only "x/**" and what ends in a slash come here: the folder itself.
    if (!base.empty() && is_directory(base)) found_.push_back(base);
    return;
  }
  const name_pattern& part = parts_[index];
  if (part.is_recursive()) return expand_recursive(base, index);
  if (!part.is_literal()) return expand_names(base, index);
  const std::string path = base + part.literal();
  std::error_code ignored;
  if (!is_last(index) || folders_only_) {
    expand(path + '/', index + 1);
  } else if (stdfs::exists(stdfs::symlink_status(path, ignored))) {
    found_.push_back(path);
  }
}

void expansion::expand_names(const std::string& base, std::size_t index) {
  for (const stdfs::directory_entry& entry : read_folder(base, false, errors_)) {
    if (!parts_[index].matches(entry.path().filename().native())) continue;
    std::error_code ignored;
    if (is_last(index) && !folders_only_) {
      found_.push_back(named(base, entry));
    } else if (entry.is_directory(ignored)) {
      expand(named(base, entry) + '/', index + 1);
    }
  }
}

// This folder, then all below it.
void expansion::expand_recursive(const std::string& base, std::size_t index) {
  expand(base, index + 1);
  expand_below(base, index);
}

void expansion::expand_below(const std::string& base, std::size_t index) {
  const bool gives_all = is_last(index) && !folders_only_;
  for (const stdfs::directory_entry& entry : read_folder(base, false, errors_)) {
    const std::string path = named(base, entry);
    if (path[base.size()] == '.') continue;
    if (gives_all) found_.push_back(path);
    std::error_code ignored;
    if (!entry.is_directory(ignored)) continue;
    const bool is_link = entry.is_symlink(ignored);
    if (!gives_all && (!is_link || is_last(index))) expand(path + '/', index + 1);
    if (!is_link) expand_below(path + '/', index);
  }
}

void add_files(const std::string& base, bool must_exist, std::vector<std::string>& found,
               glob_errors& errors) {
  for (const stdfs::directory_entry& entry : read_folder(base, must_exist, errors)) {
    std::error_code ignored;
    const stdfs::file_status status = entry.symlink_status(ignored);
    if (stdfs::is_regular_file(status)) found.push_back(named(base, entry));
    if (stdfs::is_directory(status)) add_files(named(base, entry) + '/', false, found, errors);
  }
}

}  // namespace

bool has_wildcard(std::string_view pattern) noexcept {
  return pattern.find_first_of("*?[") != npos;
}

std::vector<std::string> expand_glob(const std::string& pattern, glob_errors& errors) {
  if (!has_wildcard(pattern)) return {pattern};
  if (pattern.find('\0') != std::string::npos) {
    // The kernel would cut it there and match something else.
    errors.push_back({pattern, EINVAL});
    return {};
  }
  return expansion(pattern).run(errors);
}

std::vector<std::string> list_files(const std::string& folder, glob_errors& errors) {
  std::vector<std::string> found;
  const bool needs_slash = !folder.empty() && !folder.ends_with('/');
  add_files(needs_slash ? folder + '/' : folder, true, found, errors);
  std::ranges::sort(found);
  return found;
}

}  // namespace ringfiles::fs
