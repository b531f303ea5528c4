#include "file/decoded_text.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace ringfiles::detail {
namespace {

/// One stretch: tell() decodes at most that many bytes anew (4 us), and each costs a few words.
constexpr std::size_t stretch_bytes = 8 * 1024;
/// Less room than this may be too little for a character, or for what a handler puts in its place.
constexpr std::size_t least_room = 64;

}  // namespace

bool decoded_text::decode_more(const stream::read_buffer& raw, bool final) {
  for (;;) {
    const std::string_view fresh = raw.bytes().substr(decoded_);
    if (fresh.empty()) return true;
    const std::string_view piece = fresh.substr(0, stretch_bytes);
    const bool last = final && piece.size() == fresh.size();
    const auto room = text_.prepare(2 * piece.size() + least_room);
    // All memory is there before anything changes.
    stretches_.push_back({0, 0, decoder_.state(), last});
    const text::decode_step step = decoder_.decode(piece, room, last);
    if (step.raw > 0) {
      text_.commit(step.text);
      stretches_.back().raw = step.raw;
      stretches_.back().text = step.text;
      decoded_ += step.raw;
      skip(step.text);
    } else {
      stretches_.pop_back();
    }
    malformed_ = {step.malformed, step.reason};
    if (step.malformed > 0) return false;
    if (step.raw == 0) return true;  // the beginning of a character, whose rest has yet to come
  }
}

void decoded_text::skip(std::size_t most) noexcept {
  const std::size_t count = std::min(std::exchange(skip_, 0), most);
  text_.consume(count);
  read_ += count;
}

void decoded_text::consume(std::size_t count, stream::read_buffer& raw) noexcept {
  text_.consume(count);
  read_ += count;
  while (!stretches_.empty() && read_ >= stretches_.front().text) {
    const stretch& done = stretches_.front();
    raw.consume(done.raw);
    decoded_ -= done.raw;
    read_ -= done.text;
    stretches_.pop_front();
  }
}

void decoded_text::unread(std::string_view text) {
  if (text.empty()) return;
  text_.unread(text);
  if (!stretches_.empty()) stretches_.front().text -= std::exchange(read_, 0);
  stretches_.push_front({0, text.size(), decoder_.state(), false});
}

file_place decoded_text::place(const stream::read_buffer& raw) const noexcept {
  const std::uint8_t state = stretches_.empty() ? decoder_.state() : stretches_.front().state;
  return {raw.position(), state, static_cast<std::uint32_t>(read_ + skip_)};
}

file_place decoded_text::exact(const stream::read_buffer& raw, const file_place& place) {
  if (place.text == 0 || stretches_.empty()) return place;
  const stretch& first = stretches_.front();
  std::string_view bytes = raw.bytes().substr(0, first.raw);
  file_place found{place.byte, place.state};
  std::size_t left = place.text;
  second_.set_state(place.state);
  std::array<char, 1024> out;
  while (left > 0) {
    const auto room = std::span(out).first(std::min(out.size(), left));
    const text::decode_step step = second_.decode(bytes, room, first.final);
    if (step.raw == 0) break;
    bytes.remove_prefix(step.raw);
    found.byte += step.raw;
    left -= step.text;
  }
  found.state = second_.state();
  found.text = static_cast<std::uint32_t>(left);
  return found;
}

void decoded_text::start_anew(std::uint8_t state, std::size_t read) noexcept {
  text_.reset(0);
  stretches_.clear();
  read_ = decoded_ = 0;
  skip_ = read;
  decoder_.set_state(state);
}

}  // namespace ringfiles::detail
