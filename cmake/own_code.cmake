# Helpers that every target of this project goes through.

# Finds the sources of one folder. The glob is checked again at each build, so that a new file
# needs no edit here.
function(ringfiles_glob result)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${ARGN})
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# GCC 12 warns of overflows inside std::string's operator+ that cannot happen (its bugs 105329 and
# 105651, mended in 13).
set(RINGFILES_FALSE_ALARMS "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  set(RINGFILES_FALSE_ALARMS -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort of libstdc++ 12 uses a function of its own that it declares deprecated.
  set(RINGFILES_FALSE_ALARMS -Wno-deprecated-declarations)
endif()

# Our own code: warnings as the house wants them. Never exported to a consumer.
function(ringfiles_own_code target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(
    ${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow ${RINGFILES_FALSE_ALARMS}
                      ${RINGFILES_CCACHE_FLAGS} $<$<BOOL:${RINGFILES_WERROR}>:-Werror>)
endfunction()

# Code that may look inside: the private headers of src/ and what is known of the ring.
function(ringfiles_sees_private target)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  if(RINGFILES_WITH_URING)
    target_compile_definitions(${target} PRIVATE RINGFILES_HAS_URING=1)
    target_link_libraries(${target} PRIVATE PkgConfig::LIBURING)
  endif()
endfunction()

function(ringfiles_say_skipped target reason)
  message(STATUS "ringfiles: ${target} skipped: ${reason}")
endfunction()
