#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "file/file_state.hpp"
#include "sys/calls.hpp"

namespace ringfiles {
namespace detail {
namespace {

std::int64_t require(std::int64_t result, const adopt_options& options) {
  if (result < 0) throw error(code_of(result), "adopt", options.path);
  return result;
}

const backend::device& device_of(int descriptor, const sys::file_facts& facts) {
  return S_ISREG(facts.mode) ? backend::learn_device(descriptor, facts.device)
                             : backend::stream_device();
}

}  // namespace
}  // namespace detail

file adopt(engine& engine, int descriptor, std::string_view mode, adopt_options options) {
  const auto parsed = detail::parse_open_mode(mode);
  if (!parsed) throw error(errc::invalid_mode, "adopt", options.path);
  if (engine.core().kind() == backend_kind::memory) detail::require(-EBADF, options);
  const text::codec* codec = nullptr;
  if (parsed->text && options.errors > text_errors::xmlcharrefreplace)
    throw error(errc::invalid_errors, "adopt", options.path);
  if (parsed->text && !detail::find_file_codec(options.encoding, options.errors, codec))
    throw error(errc::unknown_encoding, "adopt", options.path);
  sys::file_facts facts;
  detail::require(sys::facts_of(descriptor, true, facts), options);
  if (S_ISDIR(facts.mode)) detail::require(-EISDIR, options);
  detail::open_mode kind = *parsed;
  const bool at_end = kind.append;
  kind.append = kind.append && detail::require(sys::is_appending(descriptor), options) != 0;
  const backend::device& on = detail::device_of(descriptor, facts);
  if (on.kind == backend::device_kind::stream) sys::set_nonblocking(descriptor);
  const std::int64_t position = sys::position_of(descriptor);
  auto* state =
      new detail::file_state(engine.core().shared_from_this(),
                             {descriptor, std::move(options.path), std::string(mode), kind,
                              open_options{.newline = options.newline,
                                           .buffer_bytes = options.buffer_bytes,
                                           .encoding = options.encoding,
                                           .errors = options.errors},
                              facts, &on, options.close_descriptor, false, codec});
  if (state->seekable() && position >= 0)
    state->set_position(at_end ? facts.size : static_cast<std::uint64_t>(position));
  return detail::file_state::make_handle(state);
}

}  // namespace ringfiles
