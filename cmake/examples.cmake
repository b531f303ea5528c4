# examples/NAME.cpp becomes BUILD/examples/NAME. The target is example_NAME.

function(ringfiles_add_example source)
  get_filename_component(name "${source}" NAME_WE)
  file(STRINGS "${source}" asio_includes REGEX "^#include [<\"](boost/|ringfiles/asio)")
  if(asio_includes AND NOT TARGET ringfiles_asio)
    ringfiles_say_skipped(example_${name} "there is no Asio door")
    return()
  endif()
  add_executable(example_${name} "${source}")
  ringfiles_own_code(example_${name})
  set_target_properties(
    example_${name} PROPERTIES OUTPUT_NAME ${name}
                               RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  target_link_libraries(example_${name} PRIVATE ringfiles::ringfiles)
  if(asio_includes)
    target_link_libraries(example_${name} PRIVATE ringfiles::asio)
  endif()
  add_dependencies(ringfiles_examples example_${name})
endfunction()

if(RINGFILES_BUILD_EXAMPLES AND TARGET ringfiles)
  add_custom_target(ringfiles_examples)
  file(GLOB example_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
  foreach(source IN LISTS example_sources)
    ringfiles_add_example("${source}")
  endforeach()
endif()
