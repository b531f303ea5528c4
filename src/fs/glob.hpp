// Patterns for paths, as Python's glob.glob(recursive=True) understands them.
//
//   *      any run of characters within one name       [abc] [a-z]   one of these
//   ?      one character (of UTF-8; or one stray byte)  [!abc]        one that is none of these
//   **     as a whole name: this folder and every one below it, however deep
//   \x     x itself, when x would be special outside of brackets (Python has no such escape)
//
// A name that begins with a dot is matched only if its part of the pattern does, and `**` neither
// enters nor gives such a name. `**` does not go through symbolic links to folders, so that no link
// leads it in circles (Python's does, up to the kernel's limit); other parts follow them. A pattern
// that ends in a slash matches folders only, and the results end in one too. Runs of slashes count
// as one, except at the start. Matching is on bytes decoded as UTF-8, case distinct, no locale.
//
// These functions block: each is meant to be one job in the pool. They hold one open folder at a
// time and never throw but for lack of memory.
//
// SAFETY: any thread. What changes in the tree meanwhile may or may not be seen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringfiles/fs.hpp"

namespace ringfiles::fs {

using glob_errors = std::vector<glob_failure>;

/// Is there anything in it that could match more than one path?
bool has_wildcard(std::string_view pattern) noexcept;

/// The paths that match, sorted by bytes, each once. A pattern without a wildcard is given back
/// unchanged, whether or not it exists, so that a later open() says what is wrong with it.
/// ERRORS: folders that cannot be read go to `errors` with their errno and the rest goes on; those
/// that are not there (ENOENT, ENOTDIR) merely match nothing. A pattern with a NUL: EINVAL.
std::vector<std::string> expand_glob(const std::string& pattern, glob_errors& errors);

/// All regular files below `folder`, hidden ones too, sorted by bytes, as `folder`/…. Symbolic
/// links below it are left out, as with `grep -r`: what a link "current" means is there already.
/// ERRORS: as above, and `folder` itself is among them if it is not there.
std::vector<std::string> list_files(const std::string& folder, glob_errors& errors);

}  // namespace ringfiles::fs
