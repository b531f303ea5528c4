# The core: everything below src/, public headers in include/.

if(RINGFILES_CORE)
  include("${RINGFILES_CORE}/ringfiles-targets.cmake")
  return()
endif()
ringfiles_glob(core_sources "${PROJECT_SOURCE_DIR}/src/*.cpp")
ringfiles_glob(core_headers "${PROJECT_SOURCE_DIR}/include/ringfiles/*.hpp")
if(NOT RINGFILES_WITH_URING)
  list(FILTER core_sources EXCLUDE REGEX "/src/backend/uring/")
endif()
if(NOT core_sources)
  ringfiles_say_skipped(ringfiles "src/ is empty")
  return()
endif()

add_library(ringfiles STATIC ${core_sources})
add_library(ringfiles::ringfiles ALIAS ringfiles)
ringfiles_own_code(ringfiles)
ringfiles_sees_private(ringfiles)
target_sources(
  ringfiles PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include"
                   FILES ${core_headers})
# Two files are for processors with more vector instructions than a compiler takes for granted,
# which is asked at run time. They share no function with others, so precompiled headers stay away.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(vector_flags_avx2 -mavx2)
  set(vector_flags_avx512 -mavx512f -mavx512bw)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND vector_flags_avx512 -Wno-maybe-uninitialized)  # in its own header: bug 105593
  endif()
  foreach(name IN ITEMS avx2 avx512)
    set_source_files_properties(
      "${PROJECT_SOURCE_DIR}/src/text/${name}.cpp"
      PROPERTIES COMPILE_OPTIONS "${vector_flags_${name}}" SKIP_PRECOMPILE_HEADERS ON)
  endforeach()
endif()
target_link_libraries(ringfiles PUBLIC Threads::Threads PRIVATE simdjson::simdjson)
set_target_properties(ringfiles PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
