#include "logagg/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "logagg/escape.hpp"

namespace logagg {
namespace {

std::string escape_controls(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string shown_source(const std::string& path, report_format format) {
  const std::string text = escape_malformed(path);
  if (format == report_format::text) return escape_controls(text);
  std::string escaped;
  append_json_escaped(escaped, text);
  return escaped;
}

}  // namespace

report::report(std::vector<std::vector<entry>> runs, std::vector<std::string> sources,
               report_format format)
    : entries_(std::move(runs)), sources_(std::move(sources)), format_(format) {
  for (std::string& source : sources_) source = shown_source(source, format_);
  chunk_.reserve(chunk_bytes);
}

std::string_view report::next_chunk() {
  chunk_.clear();
  while (chunk_.size() < chunk_bytes) {
    if (staged_begin_ == staged_.size()) {
      if (next_ == part::none) break;
      staged_.clear();
      staged_begin_ = 0;
      stage_next_part();
    }
    const std::size_t size = std::min(chunk_bytes - chunk_.size(), staged_.size() - staged_begin_);
    chunk_.append(staged_, staged_begin_, size);
    staged_begin_ += size;
  }
  return chunk_;
}

void report::stage_next_part() {
  switch (next_) {
    case part::head:
      return stage_head();
    case part::entry_start:
      return stage_entry_start();
    case part::entry_text:
      return stage_some_text();
    case part::entry_end:
      return stage_entry_end();
    case part::tail:
      if (format_ == report_format::json) staged_ = "]}\n";
      next_ = part::none;
      return;
    case part::none:
      return;
  }
}

void report::stage_head() {
  if (format_ == report_format::text) {
    staged_ = fmt::format("Error Report -- {} errors found\n{:=<50}\n", entries_.size(), "");
  } else {
    staged_ = fmt::format("{{\"count\": {}, \"entries\": [\n", entries_.size());
  }
  current_ = entries_.next();
  next_ = current_ == nullptr ? part::tail : part::entry_start;
}

void report::stage_entry_start() {
  const std::string& source = sources_[current_->file_index];
  if (format_ == report_format::text) {
    staged_.append("[").append(source).append("] ");
  } else {
    staged_.append("{\"source\": \"").append(source).append("\", \"line_number\": ");
    staged_ += fmt::format_int(current_->line_number).str();
    staged_ += ", \"timestamp\": ";
    staged_ += current_->time ? '"' + format_rfc3339(*current_->time) + '"' : "null";
    staged_ += ", \"text\": \"";
  }
  text_begin_ = 0;
  next_ = part::entry_text;
}

void report::stage_some_text() {
  constexpr std::size_t piece_bytes = 4096;  // a line may be a megabyte; JSON may make six of it
  const std::string_view piece = std::string_view(current_->text).substr(text_begin_, piece_bytes);
  if (format_ == report_format::text) {
    staged_.append(piece);
  } else {
    append_json_escaped(staged_, piece);
  }
  text_begin_ += piece.size();
  if (text_begin_ == current_->text.size()) next_ = part::entry_end;
}

void report::stage_entry_end() {
  current_ = entries_.next();
  const bool last = current_ == nullptr;
  if (format_ == report_format::json) staged_ += last ? "\"}" : "\"},";
  staged_ += '\n';
  next_ = last ? part::tail : part::entry_start;
}

}  // namespace logagg
