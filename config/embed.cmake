# SPDX-License-Identifier: Apache-2.0
# triage_embed(OUT FILE...): writes OUT, a C++ file that defines triage::embedded_files() with the texts of the FILEs
# (absolute paths below config/). Texts go in as hexadecimal bytes: no delimiter, escape or list rule of CMake can bend
# them. Runs when CMake does, which a change of a FILE causes.
function(triage_embed OUT)
  list(SORT ARGN)
  set(arrays)
  set(rows)
  set(number 0)
  foreach(file IN LISTS ARGN)
    file(READ "${file}" bytes HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_FUNCTION_LIST_DIR}" OUTPUT_VARIABLE path)
    string(APPEND arrays "constexpr char file_${number}[] = {${bytes}'\\0'};\n")
    string(APPEND rows "    {\"${path}\", {file_${number}, sizeof file_${number} - 1}},\n")
    math(EXPR number "${number} + 1")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endforeach()
  set(text "// SPDX-License-Identifier: Apache-2.0\n// Written by config/embed.cmake.\n#include \"config/embedded.h\"\n
namespace triage {\nnamespace {\n\n${arrays}\nconstexpr EmbeddedFile files[] = {\n${rows}};\n
}  // namespace\n\nstd::span<const EmbeddedFile> embedded_files() { return files; }\n\n}  // namespace triage\n")
  file(CONFIGURE OUTPUT "${OUT}" CONTENT "${text}" @ONLY)  # writes only what differs
endfunction()
