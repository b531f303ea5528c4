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
target_link_libraries(ringfiles PUBLIC Threads::Threads PRIVATE simdjson::simdjson)
set_target_properties(ringfiles PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
