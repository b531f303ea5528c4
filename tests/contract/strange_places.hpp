// Paths that are none and files that are no files, and what CPython's open() makes of each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "python.hpp"

namespace ringfiles::contract {

/// Calls on one path, in a tree of its own (`build_tree`), which is the working directory.
struct place {
  std::string path;  ///< '@' at its front stands for the tree's own absolute path
  std::string mode;
  std::vector<step> steps;
  /// Who is there beside: 'w' a writer at the other end of a FIFO, 'r' a reader, who says in the
  /// end what it got; 'd' nobody, and the working directory is deleted; '-' nobody
  char beside = '-';

  std::string text() const;
};

/// Not `thorough`: of the modes on each path every other one.
std::vector<place> strange_places(bool thorough);

/// Files, folders, links, a FIFO and a socket.
void build_tree(const std::string& folder);
/// Names, kinds, sizes and the first bytes of all in it.
std::string describe_tree(const std::string& folder);

/// The other end of a FIFO, from its opening to its end; what a reader got.
std::string play_peer(char which, const std::string& path);

/// For each place what its open() and each step give, with the words of python.hpp ('k': the
/// descriptor is closed behind the file's back), and what a reader beside it got. The trees are
/// folder/0, folder/1 …
std::optional<std::vector<std::vector<std::string>>> ask_python(const std::vector<place>& places,
                                                                const std::string& folder);

}  // namespace ringfiles::contract
