# The Python extension: ringfiles/_ringfiles, made of adaptors/python and the core.
#
#   pip install .            the core and the extension, one interpreter; see pyproject.toml
#   scripts/python-build     the developer's way: the core once, each interpreter by itself

# Each file of adaptors/python that is compiled, by hand: what is in the wheel is no accident.
set(python_sources
    byte_scanners.cpp byte_table.cpp context_manager.cpp errors.cpp file_object.cpp
    line_scanners.cpp line_window.cpp long_text.cpp loop_engine.cpp method_tables.cpp module.cpp
    open_function.cpp operation_object.cpp position_methods.cpp read_methods.cpp suspension.cpp
    text_format.cpp text_parts.cpp text_scanner.cpp utf8_transcode.cpp write_methods.cpp
    writelines_method.cpp written.cpp)
list(TRANSFORM python_sources PREPEND "${PROJECT_SOURCE_DIR}/adaptors/python/")

find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT RINGFILES_NANOBIND)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
    OUTPUT_VARIABLE RINGFILES_NANOBIND OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_package(nanobind 3.1 REQUIRED CONFIG HINTS "${RINGFILES_NANOBIND}")

# nanobind would optimise for size, which is for what is called rarely.
nanobind_add_module(
  _ringfiles NB_STATIC NOMINSIZE NB_SUPPRESS_WARNINGS NB_DOMAIN ringfiles ${python_sources})
ringfiles_own_code(_ringfiles)
target_include_directories(_ringfiles PRIVATE "${PROJECT_SOURCE_DIR}/adaptors/python")
target_compile_definitions(_ringfiles PRIVATE "RINGFILES_VERSION=\"${PROJECT_VERSION}\"")
target_link_libraries(_ringfiles PRIVATE ringfiles::ringfiles)
# Nothing but PyInit__ringfiles is seen from outside, not even what archives bring along.
target_link_options(_ringfiles PRIVATE -Wl,--exclude-libs,ALL -Wl,--as-needed)
install(TARGETS _ringfiles LIBRARY DESTINATION ringfiles COMPONENT python)

# What is there as a shared library only goes into the wheel beside the extension: a wheel must not
# need more of a machine than its C and C++ libraries.
get_target_property(simdjson_kind simdjson::simdjson TYPE)
if(SKBUILD AND simdjson_kind STREQUAL "SHARED_LIBRARY")
  set_target_properties(_ringfiles PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(FILES $<TARGET_FILE:simdjson::simdjson> DESTINATION ringfiles COMPONENT python
          RENAME $<TARGET_SONAME_FILE_NAME:simdjson::simdjson>)
endif()
