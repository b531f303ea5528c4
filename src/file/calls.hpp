// The calls behind the methods of `file`, each made in the file of this folder named for it.
#pragma once

#include "file/file_state.hpp"

namespace ringfiles::detail {

/// ERRORS: errc::closed for a handle that was moved from, or never opened.
file_state& require_state(const file& handle, const char* operation);

// adopt.cpp
/// Which option it was that check_options() or the mode was refused for.
std::string refused_option(std::error_code refusal, std::string_view mode,
                           const open_options& options);
/// Refuses what open() refuses: errors of the mode and of text; else the codec of text.
failure_code check_options(const open_mode& mode, const open_options& options,
                           const text::codec*& codec) noexcept;
/// A file over a descriptor that something else has opened. `what.mode` is as it was asked for.
/// -errno: the descriptor cannot be had as a file, and stays open.
std::int64_t adopt_descriptor(engine_core& core, file_state::opened what, file& made);
// read_calls.cpp
operation<std::string> read_operation(file_state& file, std::size_t limit);
operation<std::string> read_exactly_operation(file_state& file, std::size_t size);
operation<std::string> read_some_operation(file_state& file, std::size_t limit);
operation<std::string> read1_operation(file_state& file, std::size_t limit);
operation<std::string> peek_operation(file_state& file, std::size_t limit);
operation<std::size_t> readinto_operation(file_state& file, std::span<std::byte> into);
// line_calls.cpp
operation<std::optional<std::string>> readline_operation(file_state& file, std::size_t limit);
operation<std::optional<lines>> next_lines_operation(file_state& file);
operation<std::vector<std::string>> readlines_operation(file_state& file, std::size_t hint);
// write_call.cpp
operation<std::size_t> write_operation(file_state& file, std::string_view data);
operation<std::size_t> write_operation(file_state& file, std::string&& data);
operation<std::size_t> write_operation(file_state& file, shared_bytes data);
operation<void> writelines_operation(file_state& file, std::vector<std::string> lines);
// position_calls.cpp
/// `anew`: also of bytes, what was read before is forgotten.
operation<std::uint64_t> seek_operation(file_state& file, std::int64_t offset, whence from,
                                        bool anew = false);
operation<std::uint64_t> tell_operation(file_state& file);
// barrier_calls.cpp
operation<std::uint64_t> truncate_operation(file_state& file, std::optional<std::int64_t> size);
operation<void> flush_operation(file_state& file);
operation<void> sync_operation(file_state& file, opcode how);
// close_call.cpp
operation<void> close_operation(file_state& file);
/// Starts a close that nobody awaits.
void close_in_background(file_state& file) noexcept;
// positional_calls.cpp
operation<std::string> read_at_operation(file_state& file, std::uint64_t offset, std::size_t size);
operation<std::size_t> read_at_operation(file_state& file, std::uint64_t offset,
                                         std::vector<std::span<std::byte>> into);
operation<std::size_t> read_at_operation(file_state& file, std::uint64_t offset,
                                         std::span<std::byte> into);
operation<std::size_t> write_at_operation(file_state& file, std::uint64_t offset,
                                          std::vector<std::string> parts);
operation<std::size_t> write_at_operation(file_state& file, std::uint64_t offset,
                                          std::string_view data);
operation<std::size_t> write_at_operation(file_state& file, std::uint64_t offset,
                                          shared_bytes data);

}  // namespace ringfiles::detail
