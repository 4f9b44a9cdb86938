# Everything we use from elsewhere, as Debian packages it, behind one target.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json filesystem url)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp REQUIRED)
find_path(ISAL_INCLUDE_DIR isa-l/crc.h REQUIRED)
find_library(ISAL_LIBRARY isal REQUIRED)

add_library(sisyphus_dependencies INTERFACE)
target_include_directories(sisyphus_dependencies SYSTEM INTERFACE ${ASIO_INCLUDE_DIR} ${CLI11_INCLUDE_DIR}
                                                                  ${VALIJSON_INCLUDE_DIR} ${ISAL_INCLUDE_DIR})
target_compile_definitions(sisyphus_dependencies INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(sisyphus_dependencies INTERFACE Threads::Threads Boost::json Boost::filesystem Boost::url
                                                      spdlog::spdlog OpenSSL::Crypto ${ISAL_LIBRARY})
