#pragma once

#include <string>
#include <string_view>

namespace sisyphus {

// Gives a member of an object's text ("{…}", valid JSON) another value, which is JSON, and adds it at the end
// where there is none. Only for members that hold a number, a string or a word; the rest of the text stays as
// it is.
void set_member(std::string& object, std::string_view name, std::string_view value);

}  // namespace sisyphus
