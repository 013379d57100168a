# guiyi_module(name [RECURSIVE] LINK ...): all .c files of the folder as a static library. An upper-case
# word after LINK is a package of packages.cmake. A folder without sources gives an interface library.
function(guiyi_module name)
  cmake_parse_arguments(M "RECURSIVE" "" "LINK" ${ARGN})
  if(M_RECURSIVE)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.c)
  else()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.c)
  endif()
  list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  foreach(link ${M_LINK})
    if(TARGET PkgConfig::${link})
      target_link_libraries(${name} ${scope} PkgConfig::${link})
    else()
      target_link_libraries(${name} ${scope} ${link})
    endif()
  endforeach()
endfunction()

# guiyi_unit_test(name): tests/unit/test_<name>.c as one cmocka program and one ctest.
function(guiyi_unit_test name)
  add_executable(test_${name} ${CMAKE_SOURCE_DIR}/tests/unit/test_${name}.c)
  target_link_libraries(test_${name} PRIVATE cli PkgConfig::CMOCKA)
  target_compile_definitions(test_${name} PRIVATE GUIYI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME unit.${name} COMMAND test_${name})
endfunction()

# guiyi_fuzz_target(name): tests/fuzz/fuzz_<name>.c. With GUIYI_FUZZ a libFuzzer program; otherwise a
# replay of the committed corpus tests/fuzz/corpus/<name>/ through the same function, as a test.
function(guiyi_fuzz_target name)
  if(GUIYI_FUZZ)
    add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c
                                ${CMAKE_SOURCE_DIR}/tests/harness/fuzz_replay.c)
    add_test(NAME fuzz.${name}
             COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  endif()
  target_link_libraries(fuzz_${name} PRIVATE cli)
endfunction()
