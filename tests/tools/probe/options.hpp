// The command line of a probe: words, and --name=value.
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ringfiles/ringfiles.hpp"

namespace probe {

class options {
 public:
  options(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      const std::size_t equals = word.find('=');
      if (!word.starts_with("--"))
        words_.emplace_back(word);
      else if (equals == std::string_view::npos)
        named_[std::string(word.substr(2))] = "1";
      else
        named_[std::string(word.substr(2, equals - 2))] = word.substr(equals + 1);
    }
  }

  /// The index-th word that is no option; empty when there are fewer.
  std::string word(std::size_t index) const {
    return index < words_.size() ? words_[index] : std::string();
  }
  bool has(const std::string& name) const { return named_.contains(name); }
  std::string text(const std::string& name, std::string otherwise = {}) const {
    const auto found = named_.find(name);
    return found == named_.end() ? otherwise : found->second;
  }
  long number(const std::string& name, long otherwise) const {
    const auto found = named_.find(name);
    return found == named_.end() ? otherwise : std::strtol(found->second.c_str(), nullptr, 10);
  }

  /// --backend=uring|threads; without it the library chooses.
  ringfiles::engine_options engine() const {
    ringfiles::engine_options chosen;
    const std::string name = text("backend");
    if (name == "uring") chosen.backend = ringfiles::backend_kind::uring;
    if (name == "threads") chosen.backend = ringfiles::backend_kind::threads;
    return chosen;
  }

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::string> named_;
};

}  // namespace probe
