// Which errors a call may have: what its page of the manual says (man-pages 6.03, Debian 12).
#include <array>
#include <cerrno>

#include "faults/script.hpp"

namespace ringfiles::faults {
namespace {

constexpr int open_2[] = {EACCES, EBADF,   EBUSY,        EDQUOT,      EEXIST,   EFAULT,  EFBIG,
                          EINTR,  EINVAL,  EISDIR,       ELOOP,       EMFILE,   ENFILE,  ENODEV,
                          ENOENT, ENOMEM,  ENAMETOOLONG, ENOSPC,      ENXIO,    ENOTDIR, EPERM,
                          EROFS,  ETXTBSY, EOPNOTSUPP,   EWOULDBLOCK, EOVERFLOW};
// openat2(2): those of open(2), its own, and ENOSYS before Linux 5.6.
constexpr int openat2_2[] = {
    E2BIG,  EAGAIN, EINVAL,  ELOOP,        EXDEV,   ENOSYS,     EACCES, EBADF,  EBUSY,    EDQUOT,
    EEXIST, EFAULT, EFBIG,   EINTR,        EISDIR,  EMFILE,     ENFILE, ENODEV, ENOENT,   ENOMEM,
    ENOSPC, ENXIO,  ENOTDIR, ENAMETOOLONG, ETXTBSY, EOPNOTSUPP, EPERM,  EROFS,  EOVERFLOW};
constexpr int close_2[] = {EBADF, EINTR, EIO, ENOSPC, EDQUOT};
// read(2), preadv2(2) and, for the offset, lseek(2).
constexpr int preadv2_2[] = {EAGAIN, EBADF,      EFAULT,    EINTR, EINVAL, EIO,
                             EISDIR, EOPNOTSUPP, EOVERFLOW, ENXIO, ESPIPE};
// write(2), pwritev2(2) and, for the offset, lseek(2).
constexpr int pwritev2_2[] = {EAGAIN,    EBADF,  EDESTADDRREQ, EDQUOT, EFAULT, EFBIG,
                              EINTR,     EINVAL, EIO,          ENOSPC, EPERM,  EOPNOTSUPP,
                              EOVERFLOW, ENXIO,  ESPIPE,       EPIPE};
constexpr int fsync_2[] = {EBADF, EINTR, EIO, ENOSPC, EROFS, EINVAL, EDQUOT};
constexpr int ftruncate_2[] = {EACCES, EBADF,   EFAULT,       EFBIG,  EINTR, EINVAL, EIO,    EISDIR,
                               ELOOP,  ETXTBSY, ENAMETOOLONG, ENOENT, EPERM, EROFS,  ENOTDIR};
constexpr int statx_2[] = {EACCES, EBADF,        EFAULT, EINVAL, ELOOP,
                           ENOENT, ENAMETOOLONG, ENOMEM, ENOTDIR};
constexpr int statfs_2[] = {EACCES,       EBADF,  EFAULT, EINTR,  EIO,     ELOOP,
                            ENAMETOOLONG, ENOENT, ENOMEM, ENOSYS, ENOTDIR, EOVERFLOW};
constexpr int rename_2[] = {EACCES, EBUSY,        EDQUOT, EFAULT, EINVAL, EISDIR,
                            ELOOP,  ENAMETOOLONG, EMLINK, ENOENT, ENOMEM, ENOSPC,
                            EEXIST, ENOTDIR,      EPERM,  EROFS,  EXDEV,  ENOTEMPTY};
constexpr int unlink_2[] = {EACCES, EBUSY, EFAULT,       EIO,   EISDIR, ELOOP,  EBADF,
                            ENOENT, EPERM, ENAMETOOLONG, EROFS, ENOMEM, EINVAL, ENOTDIR};
constexpr int flock_2[] = {EBADF, EINTR, EINVAL, ENOLCK, EWOULDBLOCK};
constexpr int fcntl_2[] = {EBADF, EINVAL, EPERM};  // for F_GETFL and F_SETFL
constexpr int lseek_2[] = {EBADF, EINVAL, ENXIO, EOVERFLOW, ESPIPE};
// io_uring_enter(2), "CQE ERRORS", with those of read(2), and what Linux 6.18 was seen to answer
// when it could start no worker, or the submitting thread had ended: ECANCELED, EFAULT.
constexpr int ring_reads[] = {EACCES, EAGAIN,     EBADF, EFAULT,    EINTR,     EINVAL,
                              EIO,    EOPNOTSUPP, ENXIO, ECANCELED, EOVERFLOW, EISDIR};
constexpr int ring_syncs[] = {EACCES, EAGAIN, EBADF, EFAULT,     EINTR,     EINVAL,
                              EIO,    ENOSPC, EROFS, EOPNOTSUPP, ECANCELED, EDQUOT};

struct page {
  const char* name;
  std::span<const int> errors;
};
constexpr std::array<page, call_count> pages{{
    {"openat2", openat2_2},
    {"open", open_2},
    {"close", close_2},
    {"preadv2", preadv2_2},
    {"pwritev2", pwritev2_2},
    {"fsync", fsync_2},
    {"fdatasync", fsync_2},
    {"ftruncate", ftruncate_2},
    {"statx", statx_2},
    {"fstatfs", statfs_2},
    {"rename", rename_2},
    {"unlink", unlink_2},
    {"flock", flock_2},
    {"fcntl", fcntl_2},
    {"lseek", lseek_2},
    {"ring_read", ring_reads},
    {"ring_sync", ring_syncs},
}};

}  // namespace

const char* to_string(call which) noexcept { return pages[static_cast<std::size_t>(which)].name; }

std::span<const int> errors_of(call which) noexcept {
  return pages[static_cast<std::size_t>(which)].errors;
}

// fsync(2) is not: see src/sys. close(2) has closed. A ring's read goes on in the pool.
bool is_repeated(call which) noexcept {
  return which != call::fsync && which != call::fdatasync && which != call::close &&
         which != call::ring_read && which != call::ring_sync && which != call::fcntl &&
         which != call::lseek;
}

const char* to_string(place where) noexcept {
  constexpr const char* names[] = {"memory", "cached", "cold"};
  return names[static_cast<std::size_t>(where)];
}

std::string name_of(const fault& one) {
  if (one.first == 0) return "no fault";
  std::string words = std::string(to_string(one.where)) + " " + std::to_string(one.first);
  if (one.count > 1)
    words +=
        one.count == for_ever ? " and all after it" : " to so many: " + std::to_string(one.count);
  if (one.how == harm::fails) return words + " with errno " + std::to_string(one.number);
  if (one.how == harm::moves_nothing) return words + " move nothing";
  words += " cut to " + (one.most == 0 ? "half" : std::to_string(one.most) + " bytes");
  return one.how == harm::cut ? words : words + ", then errno " + std::to_string(one.number);
}

}  // namespace ringfiles::faults
