# Each foreign library is looked up here and nowhere else. docs/dependencies.md says why each
# one is there. What only tests or tools need is looked up only when they are built.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(simdjson REQUIRED CONFIG)

set(RINGFILES_WITH_URING OFF)
if(RINGFILES_URING)
  pkg_check_modules(LIBURING IMPORTED_TARGET "liburing>=2.3")
  set(RINGFILES_WITH_URING ${LIBURING_FOUND})
endif()
# The Python extension takes the archive when there is one: its wheel then needs no liburing.
if(RINGFILES_WITH_URING AND RINGFILES_BUILD_PYTHON)
  find_library(RINGFILES_URING_ARCHIVE liburing.a HINTS ${LIBURING_LIBRARY_DIRS})
  if(RINGFILES_URING_ARCHIVE)
    set_target_properties(
      PkgConfig::LIBURING PROPERTIES INTERFACE_LINK_LIBRARIES "${RINGFILES_URING_ARCHIVE}")
  endif()
endif()
if(NOT RINGFILES_WITH_URING)
  message(STATUS "ringfiles: no liburing, the thread back end is all there is")
endif()

find_package(Boost 1.81 QUIET CONFIG)
if(NOT TARGET Boost::headers)
  message(STATUS "ringfiles: no Boost 1.81, the Asio door is left out")
endif()

if(RINGFILES_BUILD_TOOLS)
  find_package(CLI11 REQUIRED CONFIG)
  find_package(fmt REQUIRED CONFIG)
  find_package(ZLIB REQUIRED)
  pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
endif()

if(RINGFILES_BUILD_TESTS)
  find_package(GTest REQUIRED CONFIG)
  pkg_check_modules(FUSE3 IMPORTED_TARGET fuse3)
  pkg_check_modules(SECCOMP IMPORTED_TARGET libseccomp)
endif()

if(RINGFILES_BUILD_BENCH)
  find_package(benchmark REQUIRED CONFIG)
endif()
