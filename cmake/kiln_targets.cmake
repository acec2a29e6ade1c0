# kiln_library(NAME [DEPS …] [PCH header …] [TEST_DEPS …])
#   Makes the static library kiln_NAME from the *.cc of the current folder, and, from its *_test.cc, the test program
#   kiln_NAME_test. DEPS are the only things it may include: a folder that is not linked is not found at link time.
#   Tests whose gtest suite name starts with "Slow" get the label `slow`, the others `fast`.
function(kiln_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;PCH;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  add_library(kiln_${name} STATIC ${sources})
  target_include_directories(kiln_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(kiln_${name} PUBLIC ${ARG_DEPS})
  if(ARG_PCH)
    target_precompile_headers(kiln_${name} PRIVATE ${ARG_PCH})
  endif()
  if(tests AND NOT KILN_FUZZ)
    kiln_test(kiln_${name}_test SOURCES ${tests} DEPS kiln_${name} ${ARG_TEST_DEPS} PCH ${ARG_PCH})
  endif()
endfunction()

# kiln_test(TARGET SOURCES … DEPS … [PCH …]): a GoogleTest program, one CTest entry per test.
function(kiln_test target)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PCH" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  if(ARG_PCH)
    target_precompile_headers(${target} PRIVATE ${ARG_PCH} <gtest/gtest.h>)
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER "-Slow*"
                       TEST_LIST ${target}_fast PROPERTIES LABELS fast TIMEOUT 120)
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER "Slow*"
                       TEST_LIST ${target}_slow PROPERTIES LABELS slow TIMEOUT 300)
endfunction()
