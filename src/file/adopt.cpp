#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "file/calls.hpp"
#include "sys/calls.hpp"

namespace ringfiles {
namespace detail {

failure_code check_options(const open_mode& mode, const open_options& options,
                           const text::codec*& codec) noexcept {
  codec = nullptr;
  if (!mode.text) return {};
  if (options.newline > newline::crlf) return errc::invalid_newline;
  if (options.errors > text_errors::xmlcharrefreplace) return errc::invalid_errors;
  if (options.buffering == buffering::none) return errc::invalid_buffering;
  if (!find_file_codec(options.encoding, options.errors, codec)) return errc::unknown_encoding;
  return {};
}

std::string refused_option(std::error_code refusal, std::string_view mode,
                           const open_options& options) {
  if (refusal == errc::invalid_mode) return "mode '" + std::string(mode) + "'";
  if (refusal == errc::unknown_encoding) return std::string(options.encoding.name());
  return {};
}

std::int64_t adopt_descriptor(engine_core& core, file_state::opened what, file& made) {
  if (core.kind() == backend_kind::memory) return -EBADF;
  const bool at_end = what.mode.append;
  // Whoever opened it has decided that: what is written to the `>>` of a shell goes to the end, in
  // each mode.
  const int appends = what.mode.writable ? sys::is_appending(what.fd) : 0;
  if (appends < 0) return appends;
  what.mode.append = appends != 0;
  // Without either, the loop would wait, or write over what is in front of the position.
  const bool is_stream = what.on->kind == backend::device_kind::stream;
  if (const int refused = is_stream ? sys::set_nonblocking(what.fd) : 0; refused < 0)
    return refused;
  const std::int64_t position = sys::position_of(what.fd);
  if (position < 0 && S_ISREG(what.facts.mode)) return position;
  auto* state = new file_state(core.shared_from_this(), std::move(what));
  made = file_state::make_handle(state);
  if (state->seekable() && position >= 0)
    state->set_position(at_end ? state->about().facts.size : static_cast<std::uint64_t>(position));
  return 0;
}

}  // namespace detail

file adopt(engine& engine, int descriptor, std::string_view mode, adopt_options options) {
  const std::string words = "descriptor " + std::to_string(descriptor);
  const auto require = [&](std::int64_t result) {
    if (result < 0) throw error(detail::code_of(result), "adopt", options.path, words);
  };
  const auto parsed = detail::parse_open_mode(mode);
  if (!parsed)
    throw error(errc::invalid_mode, "adopt", options.path,
                detail::refused_option(errc::invalid_mode, mode, {}));
  const open_options chosen{.newline = options.newline,
                            .buffer_bytes = options.buffer_bytes,
                            .encoding = options.encoding,
                            .errors = options.errors,
                            .buffering = options.buffering};
  const text::codec* codec = nullptr;
  if (const auto refusal = detail::check_options(*parsed, chosen, codec))
    throw error(refusal, "adopt", options.path, detail::refused_option(refusal, mode, chosen));
  if (engine.core().kind() == backend_kind::memory) require(-EBADF);
  sys::file_facts facts;
  require(sys::facts_of(descriptor, true, facts));
  if (S_ISDIR(facts.mode)) require(-EISDIR);
  const backend::device& on = S_ISREG(facts.mode) ? backend::learn_device(descriptor, facts.device)
                                                  : backend::stream_device();
  file made;
  require(detail::adopt_descriptor(engine.core(),
                                   {descriptor, options.path, std::string(mode), *parsed, chosen,
                                    facts, &on, options.close_descriptor, false, codec},
                                   made));
  return made;
}

}  // namespace ringfiles
