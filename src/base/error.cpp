#include "ringfiles/error.hpp"

#include <cerrno>
#include <utility>

namespace ringfiles {
namespace {

struct entry {
  std::errc condition;
  const char* words;
};

entry describe(errc code) noexcept {
  switch (code) {
    case errc::invalid_mode:
      return {std::errc::invalid_argument,
              "invalid mode: give one of r, w, a, x, with +, b or t where wanted"};
    case errc::invalid_newline:
      return {std::errc::invalid_argument, "illegal newline value"};
    case errc::embedded_nul:
      return {std::errc::invalid_argument, "embedded null byte"};
    case errc::closed:
      return {std::errc::bad_file_descriptor, "I/O operation on closed file"};
    case errc::not_readable:
      return {std::errc::bad_file_descriptor, "not readable: the file is open for writing only"};
    case errc::not_writable:
      return {std::errc::bad_file_descriptor, "not writable: the file is open for reading only"};
    case errc::not_seekable:
      return {std::errc::invalid_seek, "underlying stream is not seekable"};
    case errc::negative_size:
      return {std::errc::invalid_argument, "negative size value"};
    case errc::negative_position:
      return {std::errc::invalid_argument, "negative seek position"};
    case errc::not_utf8:
      return {std::errc::illegal_byte_sequence, "not well-formed UTF-8"};
    case errc::not_decodable:
      return {std::errc::illegal_byte_sequence, "no text in the file's encoding"};
    case errc::not_encodable:
      return {std::errc::illegal_byte_sequence, "not to be written in the file's encoding"};
    case errc::unknown_encoding:
      return {std::errc::invalid_argument, "unknown encoding"};
    case errc::invalid_errors:
      return {std::errc::invalid_argument, "unknown error handler"};
    case errc::invalid_buffering:
      return {std::errc::invalid_argument, "can't have unbuffered text I/O"};
    case errc::unexpected_end:
      return {std::errc::no_message_available, "the file ends before that many were read"};
    case errc::no_engine:
      return {std::errc::operation_not_permitted, "no engine runs on this thread"};
    case errc::text_mode:
      return {std::errc::invalid_argument, "the file is open in text mode: open it with 'b'"};
    case errc::fork_interrupted:
      return {std::errc::operation_canceled,
              "the process was forked while this was in flight; the parent finishes it"};
    case errc::engine_ended:
      return {std::errc::bad_file_descriptor,
              "its engine has ended: an open file can only be closed, and opened again on another"};
  }
  return {std::errc::invalid_argument, "unknown error"};
}

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "ringfiles"; }
  std::string message(int code) const override { return describe(static_cast<errc>(code)).words; }
  std::error_condition default_error_condition(int code) const noexcept override {
    return describe(static_cast<errc>(code)).condition;
  }
};

/// what() is a string of C: it would end at a NUL.
std::string without_nul(std::string text) {
  for (std::size_t at = text.find('\0'); at != text.npos; at = text.find('\0', at))
    text.replace(at, 1, "\\0");
  return text;
}

std::string compose(const std::string& operation, const std::string& path,
                    const std::string& hint) {
  std::string text = operation;
  if (!path.empty()) text += " '" + path + "'";
  if (!hint.empty()) text += " (" + hint + ")";
  return without_nul(std::move(text));
}

}  // namespace

const std::error_category& error_category() noexcept {
  static const category instance;
  return instance;
}

std::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

error::error(std::error_code code, std::string operation, std::string path, std::string hint)
    : std::system_error(code, compose(operation, path, hint)),
      operation_(std::move(operation)),
      path_(std::move(path)),
      hint_(std::move(hint)) {}

int error::number() const noexcept { return code().default_error_condition().value(); }

}  // namespace ringfiles
