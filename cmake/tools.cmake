# Programs on the public API only.

# logagg: all but main.cpp is a library, so that the tests can reach it.
function(ringfiles_add_logagg root)
  ringfiles_glob(sources "${root}/*.cpp")
  list(REMOVE_ITEM sources "${root}/main.cpp")
  if(NOT sources)
    ringfiles_say_skipped(logagg "tools/logagg is empty")
    return()
  endif()
  add_library(logagg_core STATIC ${sources})
  ringfiles_own_code(logagg_core)
  target_include_directories(logagg_core PUBLIC "${PROJECT_SOURCE_DIR}/tools" "${root}")
  target_link_libraries(
    logagg_core PUBLIC ringfiles::ringfiles CLI11::CLI11 fmt::fmt PkgConfig::RE2 ZLIB::ZLIB)
  target_compile_definitions(logagg_core PUBLIC "LOGAGG_VERSION=\"${PROJECT_VERSION}\"")
  if(TARGET ringfiles_asio)
    target_link_libraries(logagg_core PUBLIC ringfiles::asio)
  endif()
  if(EXISTS "${root}/main.cpp")
    add_executable(logagg "${root}/main.cpp")
    ringfiles_own_code(logagg)
    target_link_libraries(logagg PRIVATE logagg_core)
  endif()
endfunction()

if(RINGFILES_BUILD_TOOLS AND TARGET ringfiles)
  ringfiles_add_logagg("${PROJECT_SOURCE_DIR}/tools/logagg")
endif()
