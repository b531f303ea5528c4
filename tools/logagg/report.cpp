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

report::report(std::vector<entry_run> runs, std::vector<std::string> sources, report_format format)
    : entries_(std::move(runs)), sources_(std::move(sources)), format_(format) {
  for (std::string& source : sources_) source = shown_source(source, format_);
  chunk_.reserve(largest_chunk_bytes);
}

std::string_view report::next_chunk() {
  chunk_.clear();
  while (chunk_.size() < chunk_bytes && next_ != part::none) add_next_part();
  return chunk_;
}

void report::add_next_part() {
  switch (next_) {
    case part::head:
      return add_head();
    case part::entry_start:
      return add_entry_start();
    case part::entry_text:
      return add_some_text();
    case part::entry_end:
      return add_entry_end();
    case part::tail:
      if (format_ == report_format::json) chunk_ += "]}\n";
      next_ = part::none;
      return;
    case part::none:
      return;
  }
}

void report::add_head() {
  if (format_ == report_format::text) {
    chunk_ += fmt::format("Error Report -- {} errors found\n{:=<50}\n", entries_.size(), "");
  } else {
    chunk_ += fmt::format("{{\"count\": {}, \"entries\": [\n", entries_.size());
  }
  current_ = entries_.next();
  next_ = current_ == nullptr ? part::tail : part::entry_start;
}

void report::add_entry_start() {
  const std::string& source = sources_[current_->file_index];
  if (format_ == report_format::text) {
    chunk_.append("[").append(source).append("] ");
  } else {
    chunk_.append("{\"source\": \"").append(source).append("\", \"line_number\": ");
    chunk_ += fmt::format_int(current_->line_number).str();
    chunk_ += ", \"timestamp\": ";
    chunk_ += current_->time ? '"' + format_rfc3339(*current_->time) + '"' : "null";
    chunk_ += ", \"text\": \"";
  }
  text_begin_ = 0;
  next_ = part::entry_text;
}

void report::add_some_text() {
  constexpr std::size_t piece_bytes = 4096;  // a line may be a megabyte; JSON may make six of it
  const std::string_view piece = std::string_view(current_->text).substr(text_begin_, piece_bytes);
  if (format_ == report_format::text) {
    chunk_.append(piece);
  } else {
    append_json_escaped(chunk_, piece);
  }
  text_begin_ += piece.size();
  if (text_begin_ == current_->text.size()) next_ = part::entry_end;
}

void report::add_entry_end() {
  current_ = entries_.next();
  const bool last = current_ == nullptr;
  if (format_ == report_format::json) chunk_ += last ? "\"}" : "\"},";
  chunk_ += '\n';
  next_ = last ? part::tail : part::entry_start;
}

}  // namespace logagg
