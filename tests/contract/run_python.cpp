#include "run_python.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace ringfiles::contract {

std::optional<std::string> run_python(std::string_view program, std::string_view input) {
  std::string folder = std::filesystem::temp_directory_path() / "ringfiles-python-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return std::nullopt;
  std::ofstream(folder + "/program") << program;
  std::ofstream(folder + "/input") << input;
  const std::string command = "python3 " + folder + "/program " + folder + "/input";
  std::string output;
  bool good = false;
  if (FILE* const pipe = ::popen(command.c_str(), "r")) {
    std::array<char, 4096> part;
    while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe))
      output.append(part.data(), count);
    good = ::pclose(pipe) == 0;
  }
  std::filesystem::remove_all(folder);
  if (good) return output;
  if (std::system("python3 -c pass >/dev/null 2>&1") != 0) return std::nullopt;
  throw std::runtime_error("the program in Python has failed");
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

}  // namespace ringfiles::contract
