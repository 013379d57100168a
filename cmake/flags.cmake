# One place for what the compiler is told.
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
                    -Wno-missing-field-initializers -fno-math-errno -ffp-contract=off -fno-common)
add_compile_definitions(_GNU_SOURCE)

set(GUIYI_SANITIZE "" CACHE STRING "address | thread: build with sanitizers")
option(GUIYI_WERROR "warnings are errors" OFF)
option(GUIYI_FUZZ "build the libFuzzer targets (needs clang)" OFF)

if(GUIYI_WERROR)
  add_compile_options(-Werror)
endif()
# An empty run of bytes is {NULL, 0}. NULL + 0 is undefined in C11 but not in C2y, and no compiler makes
# use of it; real overruns are the address sanitizer's.
if(GUIYI_SANITIZE STREQUAL "address" OR GUIYI_FUZZ)
  set(GUIYI_UNDEFINED -fno-sanitize=pointer-overflow)
endif()
if(GUIYI_SANITIZE)
  # The instrumented code hides from gcc 12 what is initialised and bounded; the dev build still warns.
  add_compile_options(-Wno-maybe-uninitialized -Wno-array-bounds)
endif()
if(GUIYI_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined ${GUIYI_UNDEFINED} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(GUIYI_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()
if(GUIYI_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined ${GUIYI_UNDEFINED}
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
