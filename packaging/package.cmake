# SPDX-License-Identifier: Apache-2.0
# What an installation holds, and the .deb by CPack. packaging/make adds the libraries for the relocatable tar.
# In the build tree the program looks for libraries in ../lib/triage first, as it does in the tar, whose program it becomes
# unchanged; an installation does not. RPATH and not RUNPATH, since libtsk's own libraries must be found there too; and not
# BUILD_RPATH, behind which CMake puts an empty folder: the working directory, which may be that of evidence.
set_target_properties(triage PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/triage" BUILD_WITH_INSTALL_RPATH ON)
target_link_options(triage PRIVATE LINKER:--disable-new-dtags)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # the program only, not the tests
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
    WORLD_EXECUTE)
install(TARGETS triage RUNTIME DESTINATION bin)
install(CODE "file(RPATH_REMOVE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/triage\")")
install(FILES README.md packaging/copyright DESTINATION share/doc/triage)
install(DIRECTORY docs DESTINATION share/doc/triage)
# The database of the libmagic that this was built with, found beside the program before any of the system's.
find_file(MAGIC_DATABASE magic.mgc PATHS /usr/lib/file /usr/share/misc REQUIRED NO_DEFAULT_PATH)
file(REAL_PATH ${MAGIC_DATABASE} magic_database)
install(FILES ${magic_database} DESTINATION share/triage)
install(FILES fixtures/demo/README.md DESTINATION share/doc/triage/fixtures/demo)
install(DIRECTORY config/profiles config/rules DESTINATION share/doc/triage/config FILES_MATCHING PATTERN "*.yaml")
# What a plug-in outside the tree is built with: one header, found by find_package(triage).
add_library(triage_plugin INTERFACE)
set_target_properties(triage_plugin PROPERTIES EXPORT_NAME plugin)
target_include_directories(triage_plugin INTERFACE $<INSTALL_INTERFACE:include>)
install(TARGETS triage_plugin EXPORT triage)
install(FILES engine/outside/triage_plugin.h DESTINATION include)
install(EXPORT triage FILE triageConfig.cmake NAMESPACE triage:: DESTINATION lib/cmake/triage)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/triageConfigVersion.cmake COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(FILES ${CMAKE_BINARY_DIR}/triageConfigVersion.cmake DESTINATION lib/cmake/triage)
set(CPACK_PACKAGE_CONTACT "The triage authors <triage@example.org>" CACHE STRING "Maintainer of the .deb: NAME <ADDRESS>")
# Debian's form of a changelog, which names the real one. The time is SOURCE_DATE_EPOCH where that is set.
install(FILES CHANGELOG.md DESTINATION share/doc/triage)
install(CODE "
  string(TIMESTAMP now \"%a, %d %b %Y %H:%M:%S +0000\" UTC)
  set(changelog \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/doc/triage/changelog\")
  file(WRITE \"\${changelog}\"
    \"triage (${PROJECT_VERSION}) unstable; urgency=medium\\n\\n  * See CHANGELOG.md.\\n\\n -- ${CPACK_PACKAGE_CONTACT}  \${now}\\n\")
  execute_process(COMMAND gzip -9nf \"\${changelog}\" COMMAND_ERROR_IS_FATAL ANY)")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME triage)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "forensic triage of images and devices by lists of known hashes
triage walks every file system of a disk image or device, hashes every
allocated, deleted and orphan file and stream, compares them with lists of
known hashes, and says what was found, where, and what could not be checked.
It works offline; evidence is only ever read, and parsed in sandboxed
processes.")
include(CPack)
