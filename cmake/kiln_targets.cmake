# kiln_library(NAME [ALONE] [COLD] [DEPS …] [TEST_DEPS …])
#   Makes the static library kiln_NAME from the *.cc of the current folder, and, from its *_test.cc, the test program
#   kiln_NAME_test. DEPS are the only things it may include: a folder that is not linked is not found at link time.
#   ALONE: each file is an object of its own, so that a program which links the library takes only what it needs.
#   COLD: it serves changes and questions, not invocations, so it is optimised less, which takes a third less time to build.
#   Tests whose gtest suite name starts with "Slow" get the label `slow`, the others `fast`.
function(kiln_library name)
  cmake_parse_arguments(ARG "ALONE;COLD" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  add_library(kiln_${name} STATIC ${sources})
  if(NOT ARG_ALONE)
    kiln_batches(kiln_${name})
    # Documents of the JSON library that become what they are not throw: base/json_access.h reads them.
    target_compile_definitions(kiln_${name} PRIVATE JSON_USE_IMPLICIT_CONVERSIONS=0)
  endif()
  if(ARG_COLD)
    kiln_cold(kiln_${name})
  endif()
  target_include_directories(kiln_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(kiln_${name} PUBLIC ${ARG_DEPS})
  if(tests AND KILN_TESTS)
    kiln_test(kiln_${name}_test SOURCES ${tests} DEPS kiln_${name} ${ARG_TEST_DEPS})
  endif()
endfunction()

# kiln_cold(TARGET): see kiln_library.
function(kiln_cold target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()

# kiln_test(TARGET SOURCES … DEPS …): a GoogleTest program, one CTest entry per test.
function(kiln_test target)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  kiln_batches(${target})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  # Half the time to build: a test's own code runs for milliseconds.
  target_compile_options(${target} PRIVATE -O0)
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER "-Slow*"
                       TEST_LIST ${target}_fast PROPERTIES LABELS fast TIMEOUT 120)
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER "Slow*"
                       TEST_LIST ${target}_slow PROPERTIES LABELS slow TIMEOUT 300)
endfunction()

# kiln_batches(TARGET): compiles several files of it at once, so that what they all include is read once. Names in an
# unnamed namespace are then one for the files of a folder. KILN_BATCH=1 compiles each file alone, which is faster to
# build again after a change.
function(kiln_batches target)
  if(KILN_BATCH GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${KILN_BATCH})
  endif()
endfunction()
