// One run of a scenario against one fault, on real files, and what everybody is judged by.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/owned_fd.hpp"
#include "faults/script.hpp"
#include "ringfiles/ringfiles.hpp"

namespace ringfiles::faults {

/// A mirror that is mounted already: tests/system/file_faults.py says where.
struct mirror_place {
  std::string path;
  std::string backing;
};
/// Nothing where there is none.
std::optional<mirror_place> mounted_mirror();

/// A folder for real files, a back end and an engine: shared by the runs of a test.
class stage {
 public:
  stage(backend_kind kind, place where) : stage(kind, where, {}) {}
  stage(backend_kind kind, place where, std::optional<mirror_place> mirror);
  ~stage();
  stage(const stage&) = delete;

  backend_kind kind() const noexcept { return kind_; }
  place where() const noexcept { return where_; }
  bool has_backend() const noexcept { return loop_->backend() == kind_; }
  engine& loop() noexcept { return *loop_; }
  const std::string& folder() const noexcept { return folder_; }
  /// The same folder, as it is seen without the mirror.
  const std::string& behind() const noexcept { return behind_; }
  /// The mirror's control file, or -1.
  int control() const noexcept { return control_.get(); }
  void clear() const;

 private:
  backend_kind kind_;
  place where_;
  std::string folder_;
  std::string behind_;
  base::owned_fd control_;
  std::optional<engine> loop_;
};

/// Equal, or where and how not.
testing::AssertionResult same(std::string_view actual, std::string_view expected);

/// What a writer was told of its bytes, in the order in which they were to come.
class ledger {
 public:
  void accepted(std::string bytes) { entries_.push_back({std::move(bytes), true, false}); }
  /// `large`: it went past the buffer, and a part of it may have been stored before it failed.
  void refused(std::string bytes, bool large) {
    entries_.push_back({std::move(bytes), false, large});
  }
  /// The content is what was accepted, in order and once; `may_be_cut`: up to some byte.
  testing::AssertionResult explains(std::string_view content, bool may_be_cut) const;

 private:
  struct entry {
    std::string bytes;
    bool taken;
    bool may_be_in_part;
  };
  bool explains_from(std::size_t next, std::string_view content, bool may_be_cut) const;

  std::vector<entry> entries_;
};

class trial {
 public:
  trial(stage& on, const fault& injected) : on_(on), injected_(injected) {}

  // ---- Files, seen without the library ---------------------------------------------------------
  std::string path(std::string_view name) const { return on_.folder() + "/" + std::string(name); }
  void put(std::string_view name, std::string_view content) const;
  std::optional<std::string> get(std::string_view name) const;
  std::string behind(std::string_view name) const { return on_.behind() + "/" + std::string(name); }

  // ---- Calls -----------------------------------------------------------------------------------
  engine& loop() noexcept { return on_.loop(); }
  const stage& on() const noexcept { return on_; }
  const fault& injected() const noexcept { return injected_; }

  /// Its value (true, if it has none), or nothing after the one error that it may have.
  template <class T>
  task<std::optional<detail::storable<T>>> attempt(operation<T> call, std::string name,
                                                   std::string path) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(call);
        co_return detail::nothing();
      } else {
        co_return co_await std::move(call);
      }
    } catch (const error& failure) {
      note(failure, name, path);
      co_return std::nullopt;
    }
  }
  task<std::optional<file>> open(std::string name, std::string mode, open_options options = {}) {
    return attempt(ringfiles::open(loop(), path(name), mode, options), "open", path(name));
  }
  task<bool> write(file& to, ledger& told, std::string bytes);
  /// The same of text; `stored` is what it is in the file.
  task<bool> write_text(file& to, ledger& told, std::string text, std::string stored);
  task<bool> flush(file& of) { return done(of.flush(), "flush", of.path()); }
  /// A success means that a sync was made.
  task<bool> sync(file& of, bool data_only = false);
  task<bool> close(file& of);
  task<bool> done(operation<void> call, std::string name, std::string path);

  std::size_t complaints() const noexcept { return complaints_; }
  void complain() noexcept { ++complaints_; }
  /// Bytes that were accepted may be missing: a write failed, and so did the close after it.
  bool may_lack(bool closed) const noexcept;

  /// When everything has ended.
  void afterwards(std::function<void()> judge) { last_.push_back(std::move(judge)); }
  void end();

 private:
  void note(const error& failure, const std::string& name, const std::string& path);
  bool may_be_told(int number, const std::string& name) const noexcept;

  stage& on_;
  fault injected_;
  std::size_t complaints_ = 0;
  int sync_failure_ = 0;  ///< of the file that is synced: there is one in a scenario
  std::vector<std::function<void()>> last_;
};

struct scenario {
  const char* name;
  task<> (*perform)(trial& here);
};
std::vector<scenario> writing_scenarios();
std::vector<scenario> moving_scenarios();
std::vector<scenario> reading_scenarios();
std::vector<scenario> whole_file_scenarios();
std::vector<scenario> opening_scenarios();
std::vector<scenario> buffering_scenarios();

/// Bytes that tell their own place.
std::string pattern(std::size_t size, std::uint64_t from = 0);
/// Descriptors of this process.
std::size_t open_descriptors();
/// Runs it, judges what is left behind, and leaves the table as it was. A run that takes longer
/// than seconds ends the program with the name of its fault.
struct verdict {
  std::size_t calls;
  std::size_t harmed;
  std::size_t complaints;
};
/// `operation`: in a mirror, what fails there.
verdict run(stage& on, const scenario& played, const fault& injected,
            const char* operation = nullptr);

}  // namespace ringfiles::faults
