#pragma once

#include "modules/module.hpp"

#include <initializer_list>
#include <string>
#include <vector>

// What can be wrong with the files and programs that a task names, whatever its module. Paths are absolute,
// as absolute_path() gives them.
namespace sisyphus::modules {

// A file that a task reads, and what it is called in messages ("source 0").
struct InputFile {
  std::string name;
  std::string path;
};

// Where the tool writes before the result is moved to its place.
std::string staged_path(const std::string& target, const std::string& attempt_folder);

// Of a source that a document names by its place.
std::string no_such_source(std::size_t index, std::size_t count);

bool written_before(const Facts& facts, const std::string& path);
// The same, and not done yet: what is at the path now says nothing.
bool yet_to_be_written(const Facts& facts, const std::string& path);

// What a probe's program complained about, on one line.
std::string words_of(const ProbeResult& result, std::string_view program);

// Each adds to `problems` what it finds.
void check_programs(std::initializer_list<const char*> programs, const Facts& facts,
                    std::vector<Problem>& problems);

// False when an output, as the document gives it, can only be the name of a folder.
bool check_names_file(const std::string& given, const std::string& pointer, std::vector<Problem>& problems);

// An output can be written there, and is none of the inputs.
void check_output(const std::string& path, const std::string& pointer, const std::vector<InputFile>& inputs,
                  std::vector<Problem>& problems);

}  // namespace sisyphus::modules
