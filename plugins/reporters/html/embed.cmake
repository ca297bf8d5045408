# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a C++ file with page_styles() and page_script() of the HTML report. The libraries of the table come from
# Debian's packages libjs-jquery, libjs-jquery-datatables and libjs-jquery-datatables-extensions, with their licence.
set(html_folder "${CMAKE_CURRENT_LIST_DIR}")
set(html_libraries)
foreach(name jquery/jquery.min.js jquery-datatables/jquery.dataTables.min.js
    jquery-datatables-extensions/Scroller/js/dataTables.scroller.min.js)
  find_file(html_library NAMES ${name} PATHS /usr/share/javascript NO_CACHE REQUIRED)
  list(APPEND html_libraries "${html_library}")
  unset(html_library)
endforeach()

# Texts go in as hexadecimal bytes, as in config/embed.cmake. A newline and a semicolon stand between scripts.
function(triage_html_array OUT NAME)
  set(all)
  foreach(file IN LISTS ARGN)
    file(READ "${file}" bytes HEX)
    string(APPEND all "${bytes}0a3b0a")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endforeach()
  string(REGEX REPLACE "0a3b0a$" "0a" all "${all}")
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," all "${all}")
  set(${OUT} "constexpr char ${NAME}[] = {${all}'\\0'};\n" PARENT_SCOPE)
endfunction()

function(triage_embed_html OUT)
  triage_html_array(styles styles "${html_folder}/page.css")
  triage_html_array(script script "${html_folder}/licence.js" ${html_libraries} "${html_folder}/page.js")
  set(text "// SPDX-License-Identifier: Apache-2.0\n// Written by plugins/reporters/html/embed.cmake.\n
#include \"plugins/reporters/html/resources.h\"\n
namespace triage::html_report {\nnamespace {\n${styles}${script}}  // namespace
std::string_view page_styles() { return {styles, sizeof styles - 1}; }
std::string_view page_script() { return {script, sizeof script - 1}; }\n
}  // namespace triage::html_report\n")
  file(CONFIGURE OUTPUT "${OUT}" CONTENT "${text}" @ONLY)  # writes only what differs
endfunction()
