# kiln_function(NAME SOURCES … [DEPS …] [STATIC])
#   Makes the Lambda function NAME: build/<preset>/functions/NAME/bootstrap, stripped in release builds. DEPS are libraries beyond the
#   SDK. STATIC links everything statically, libc too: the fastest start and the smallest memory, for functions
#   that neither load libraries at run time nor resolve host names. Otherwise only libstdc++ is, so
#   that the program needs nothing but a C library of 2.34 or later and libgcc_s where it runs, as Lambda's provided.al2023 has them
#   (a static libgcc of GCC 12 would ask for 2.35).
function(kiln_function name)
  cmake_parse_arguments(ARG "STATIC" "" "SOURCES;DEPS" ${ARGN})
  set(target function_${name})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE kiln_sdk ${ARG_DEPS})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME bootstrap
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/functions/${name})
  target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections)
  target_link_options(${target} PRIVATE -Wl,--gc-sections $<$<CONFIG:Release>:-s>)
  # The sanitizers bring their own shared run times.
  if(NOT KILN_SANITIZE AND NOT KILN_FUZZ)
    if(ARG_STATIC)
      target_link_options(${target} PRIVATE -static -no-pie)
    else()
      target_link_options(${target} PRIVATE -static-libstdc++ -no-pie -Wl,-z,now -Wl,--as-needed)
    endif()
  endif()
endfunction()
