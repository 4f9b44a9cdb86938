#pragma once

#include "modules/module.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::modules {

// A file that goes into the output as an attachment.
struct Attachment {
  std::string path;
  std::string name;       // empty: the file's
  std::string mime_type;  // empty: mkvmerge finds out
};

// Whether the name's extension is one of a kind of file that is attached: fonts, pictures, texts, media.
// mkvmerge itself takes everything, what it does not know as application/octet-stream.
bool has_known_type(std::string_view name);

// The files of a folder, not those below it, by name; those that earlier tasks of the job will put there,
// too. Files of no known type, and names that are not UTF-8, which no option of mkvmerge can carry, are left
// out with a warning. A folder that cannot be listed is a problem at `pointer`.
std::vector<Attachment> attachments_in(const std::string& folder, const std::string& pointer,
                                       const Facts& facts, Planned& planned);

}  // namespace sisyphus::modules
