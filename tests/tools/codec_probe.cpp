// The decoders of the core, one step a line, for tests that are written in Python.
//
//   codec_probe          reads "NAME STATE FINAL HEX" and answers "STATE RAW MALFORMED HEX REASON":
//                        the state after it, how many bytes were used, how many behind them are
//                        malformed (0: none), the text that was made, and why they are.
#include <array>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

#include "text/codec.hpp"

namespace {

namespace text = ringfiles::text;

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string made;
  for (const char byte : bytes) {
    made += digits[static_cast<unsigned char>(byte) >> 4U];
    made += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return made;
}

/// With little room, so that steps end for the want of it.
std::string answer(const text::codec& codec, std::uint8_t state, std::string_view raw, bool final) {
  const auto decoder = codec.make_decoder(codec);
  decoder->set_state(state);
  std::array<char, 64> room;
  std::string made;
  std::size_t used = 0;
  text::decode_step step;
  do {
    step = decoder->decode(raw.substr(used), room, final);
    made.append(room.data(), step.text);
    used += step.raw;
  } while (step.raw > 0 && step.malformed == 0);
  return std::to_string(decoder->state()) + ' ' + std::to_string(used) + ' ' +
         std::to_string(step.malformed) + " x" + to_hex(made) + ' ' +
         (step.reason == nullptr ? "" : step.reason);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name, hex;
    int state = 0;
    bool final = false;
    words >> name >> state >> final >> hex;
    const text::codec* codec = text::find_codec(name);
    if (codec == nullptr) return 1;
    std::cout << answer(*codec, static_cast<std::uint8_t>(state), from_hex(hex), final)
              << std::endl;
  }
}
