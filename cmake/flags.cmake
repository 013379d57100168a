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
if(GUIYI_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(GUIYI_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()
if(GUIYI_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
