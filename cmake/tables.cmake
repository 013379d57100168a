# The constant arrays made of reference/, compiled into the module `worker`.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(generator ${CMAKE_SOURCE_DIR}/scripts/generate_tables)
set(generated_dir ${CMAKE_BINARY_DIR}/generated)
execute_process(COMMAND ${Python3_EXECUTABLE} ${generator} --list OUTPUT_VARIABLE table_names
                COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${generator})
list(TRANSFORM table_names REPLACE "(.+)" "${generated_dir}/tables_\\1.c" OUTPUT_VARIABLE table_files)
file(GLOB_RECURSE reference_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/reference/*)
add_custom_command(
  OUTPUT ${table_files}
  COMMAND ${Python3_EXECUTABLE} ${generator} ${generated_dir}
  DEPENDS ${generator} ${reference_files}
  COMMENT "Generating the reference tables")
target_sources(worker PRIVATE ${table_files})
