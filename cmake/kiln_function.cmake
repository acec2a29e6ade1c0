# kiln_function(NAME SOURCES … [DEPS …] [STATIC] [SYMBOLS] [LIBRARIES …])
#   A Lambda function of this tree: build/<preset>/functions/NAME/bootstrap, stripped in release builds, and
#   build/<preset>/functions/NAME.zip, as kiln_lambda() makes it. DEPS are libraries beyond the SDK.
include(kiln_lambda)

function(kiln_function name)
  cmake_parse_arguments(ARG "STATIC;SYMBOLS" "" "SOURCES;DEPS;LIBRARIES" ${ARGN})
  set(target function_${name})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME bootstrap
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/functions/${name})
  set(options ZIP ${CMAKE_BINARY_DIR}/functions/${name}.zip)
  if(ARG_STATIC)
    list(APPEND options STATIC)
  endif()
  if(ARG_SYMBOLS)
    list(APPEND options SYMBOLS)
  endif()
  if(ARG_LIBRARIES)
    list(APPEND options LIBRARIES ${ARG_LIBRARIES})
  endif()
  kiln_lambda(${target} ${options})
endfunction()
