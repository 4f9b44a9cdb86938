# embed_texts(OUT NAME FILES...): makes a .cpp that holds each file's text, found by its file name through
# core/embedded.hpp as embedded::NAME(). OUT receives the path of the .cpp.
function(embed_texts out name)
  set(cpp ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.cpp)
  set(script ${CMAKE_CURRENT_SOURCE_DIR}/cmake/embed_script.cmake)
  add_custom_command(
    OUTPUT ${cpp}
    COMMAND ${CMAKE_COMMAND} -D OUT=${cpp} -D NAME=${name} "-DFILES=${ARGN}" -P ${script}
    DEPENDS ${ARGN} ${script}
    VERBATIM)
  set(${out} ${cpp} PARENT_SCOPE)
endfunction()
