// A program in Python that answers a file of questions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringfiles::contract {

/// What python3 prints when it runs `program` with the name of a file that holds `input`; nothing
/// if there is no python3.
/// ERRORS: std::runtime_error if the program fails.
std::optional<std::string> run_python(std::string_view program, std::string_view input);

/// Two digits for each byte, as bytes.fromhex() takes them.
std::string to_hex(std::string_view bytes);

}  // namespace ringfiles::contract
