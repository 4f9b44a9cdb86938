#include "modules/handbrake_options.hpp"

#include <algorithm>
#include <iterator>

namespace sisyphus::modules {
namespace {

constexpr auto kNone = HandbrakeArgument::none;
constexpr auto kRequired = HandbrakeArgument::required;
constexpr auto kOptional = HandbrakeArgument::optional;

// In the order of `HandBrakeCLI --help`. The program has a --no-inline-parameter-sets too, but the original
// never writes it, and what it would switch off is off unless asked for. --markers and --keep-display-aspect
// could take an argument that the program's help does not know: they are flags here.
constexpr HandbrakeOption kOptions[] = {
    // source_options
    {.key = "title", .name = "title", .argument = kRequired},
    {.key = "min_duration", .name = "min-duration", .argument = kRequired},
    {.key = "main_feature", .name = "main-feature", .argument = kNone},
    {.key = "chapters", .name = "chapters", .argument = kRequired},
    {.key = "angle", .name = "angle", .argument = kRequired},
    {.key = "previews", .name = "previews", .argument = kRequired},
    {.key = "start_at_preview", .name = "start-at-preview", .argument = kRequired},
    {.key = "start_at", .name = "start-at", .argument = kRequired},
    {.key = "stop_at", .name = "stop-at", .argument = kRequired},
    // destination_options
    {.key = "format", .name = "format", .argument = kRequired},
    {.key = "markers", .name = "markers", .argument = kNone, .negative = true},
    {.key = "optimize", .name = "optimize", .argument = kNone, .negative = true},
    {.key = "ipod_atom", .name = "ipod-atom", .argument = kNone, .negative = true},
    {.key = "align_av", .name = "align-av", .argument = kNone, .negative = true},
    {.key = "inline_parameter_sets", .name = "inline-parameter-sets", .argument = kNone},
    // video_options
    {.key = "encoder", .name = "encoder", .argument = kRequired},
    {.key = "encoder_preset", .name = "encoder-preset", .argument = kRequired},
    {.key = "encoder_tune", .name = "encoder-tune", .argument = kRequired},
    {.key = "encopts", .name = "encopts", .argument = kRequired},
    {.key = "encoder_profile", .name = "encoder-profile", .argument = kRequired},
    {.key = "encoder_level", .name = "encoder-level", .argument = kRequired},
    {.key = "quality", .name = "quality", .argument = kRequired},
    {.key = "vb", .name = "vb", .argument = kRequired},
    {.key = "two_pass", .name = "two-pass", .argument = kNone, .negative = true},
    {.key = "turbo", .name = "turbo", .argument = kNone, .negative = true},
    {.key = "rate", .name = "rate", .argument = kRequired},
    {.key = "vfr", .name = "vfr", .argument = kNone},
    {.key = "cfr", .name = "cfr", .argument = kNone},
    {.key = "pfr", .name = "pfr", .argument = kNone},
    {.key = "enable_hw_decoding", .name = "enable-hw-decoding", .argument = kRequired, .on = "nvdec"},
    {.key = "disable_hw_decoding", .name = "disable-hw-decoding", .argument = kNone},
    // audio_options
    {.key = "audio_lang_list", .name = "audio-lang-list", .argument = kRequired},
    {.key = "all_audio", .name = "all-audio", .argument = kNone},
    {.key = "first_audio", .name = "first-audio", .argument = kNone},
    {.key = "audio", .name = "audio", .argument = kRequired},
    {.key = "aencoder", .name = "aencoder", .argument = kRequired},
    {.key = "audio_copy_mask", .name = "audio-copy-mask", .argument = kRequired},
    {.key = "audio_fallback", .name = "audio-fallback", .argument = kRequired},
    {.key = "ab", .name = "ab", .argument = kRequired},
    {.key = "aq", .name = "aq", .argument = kRequired},
    {.key = "ac", .name = "ac", .argument = kRequired},
    {.key = "mixdown", .name = "mixdown", .argument = kRequired},
    {.key = "normalize_mix", .name = "normalize-mix", .argument = kRequired},
    {.key = "arate", .name = "arate", .argument = kRequired},
    {.key = "drc", .name = "drc", .argument = kRequired},
    {.key = "gain", .name = "gain", .argument = kRequired},
    {.key = "adither", .name = "adither", .argument = kRequired},
    {.key = "aname", .name = "aname", .argument = kRequired},
    // picture_options
    {.key = "width", .name = "width", .argument = kRequired},
    {.key = "height", .name = "height", .argument = kRequired},
    {.key = "crop_mode", .name = "crop-mode", .argument = kRequired},
    {.key = "crop", .name = "crop", .argument = kRequired},
    {.key = "crop_threshold_pixels", .name = "crop-threshold-pixels", .argument = kRequired},
    {.key = "crop_threshold_frames", .name = "crop-threshold-frames", .argument = kRequired},
    {.key = "max_height", .name = "maxHeight", .argument = kRequired},
    {.key = "max_width", .name = "maxWidth", .argument = kRequired},
    {.key = "non_anamorphic", .name = "non-anamorphic", .argument = kNone},
    {.key = "auto_anamorphic", .name = "auto-anamorphic", .argument = kNone},
    {.key = "loose_anamorphic", .name = "loose-anamorphic", .argument = kNone},
    {.key = "custom_anamorphic", .name = "custom-anamorphic", .argument = kNone},
    {.key = "display_width", .name = "display-width", .argument = kRequired},
    {.key = "keep_display_aspect", .name = "keep-display-aspect", .argument = kNone, .negative = true},
    {.key = "pixel_aspect", .name = "pixel-aspect", .argument = kRequired},
    {.key = "itu_par", .name = "itu-par", .argument = kNone, .negative = true},
    {.key = "modulus", .name = "modulus", .argument = kRequired},
    {.key = "color_matrix", .name = "color-matrix", .argument = kRequired},
    // filters_options
    {.key = "comb_detect", .name = "comb-detect", .argument = kOptional, .negative = true},
    {.key = "deinterlace", .name = "deinterlace", .argument = kOptional, .negative = true},
    {.key = "bwdif", .name = "bwdif", .argument = kOptional, .negative = true},
    {.key = "decomb", .name = "decomb", .argument = kOptional, .negative = true},
    {.key = "detelecine", .name = "detelecine", .argument = kOptional, .negative = true},
    {.key = "hqdn3d", .name = "hqdn3d", .argument = kOptional, .negative = true},
    {.key = "denoise", .name = "denoise", .argument = kOptional},
    {.key = "nlmeans", .name = "nlmeans", .argument = kOptional, .negative = true},
    {.key = "nlmeans_tune", .name = "nlmeans-tune", .argument = kRequired},
    {.key = "chroma_smooth", .name = "chroma-smooth", .argument = kOptional, .negative = true},
    {.key = "chroma_smooth_tune", .name = "chroma-smooth-tune", .argument = kRequired},
    {.key = "unsharp", .name = "unsharp", .argument = kOptional, .negative = true},
    {.key = "unsharp_tune", .name = "unsharp-tune", .argument = kRequired},
    {.key = "lapsharp", .name = "lapsharp", .argument = kOptional, .negative = true},
    {.key = "lapsharp_tune", .name = "lapsharp-tune", .argument = kRequired},
    {.key = "deblock", .name = "deblock", .argument = kOptional, .negative = true},
    {.key = "deblock_tune", .name = "deblock-tune", .argument = kRequired},
    {.key = "rotate", .name = "rotate", .argument = kOptional},
    {.key = "pad", .name = "pad", .argument = kRequired, .negative = true},
    {.key = "colorspace", .name = "colorspace", .argument = kRequired, .negative = true},
    {.key = "grayscale", .name = "grayscale", .argument = kNone, .negative = true},
    // subtitles_options
    {.key = "subtitle_lang_list", .name = "subtitle-lang-list", .argument = kRequired},
    {.key = "all_subtitles", .name = "all-subtitles", .argument = kNone},
    {.key = "first_subtitle", .name = "first-subtitle", .argument = kNone},
    {.key = "first_subtitles", .name = "first-subtitle", .argument = kNone},
    {.key = "subtitle", .name = "subtitle", .argument = kRequired, .off = "none"},
    {.key = "subname", .name = "subname", .argument = kRequired},
    {.key = "subtitle_forced", .name = "subtitle-forced", .argument = kOptional},
    {.key = "subtitle_burned", .name = "subtitle-burned", .argument = kOptional},
    {.key = "subtitle_default", .name = "subtitle-default", .argument = kOptional},
    {.key = "native_language", .name = "native-language", .argument = kRequired},
    {.key = "native_dub", .name = "native-dub", .argument = kNone},
    {.key = "srt_file", .name = "srt-file", .argument = kRequired},
    {.key = "srt_codeset", .name = "srt-codeset", .argument = kRequired},
    {.key = "srt_offset", .name = "srt-offset", .argument = kRequired},
    {.key = "srt_lang", .name = "srt-lang", .argument = kRequired},
    {.key = "srt_default", .name = "srt-default", .argument = kOptional},
    {.key = "srt_burn", .name = "srt-burn", .argument = kOptional},
    {.key = "ssa_file", .name = "ssa-file", .argument = kRequired},
    {.key = "ssa_offset", .name = "ssa-offset", .argument = kRequired},
    {.key = "ssa_lang", .name = "ssa-lang", .argument = kRequired},
    {.key = "ssa_default", .name = "ssa-default", .argument = kOptional},
    {.key = "ssa_burn", .name = "ssa-burn", .argument = kOptional},
};

}  // namespace

const HandbrakeOption* find_handbrake_option(std::string_view key) {
  const auto* const found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                         [&](const HandbrakeOption& option) { return option.key == key; });
  return found == std::end(kOptions) ? nullptr : found;
}

}  // namespace sisyphus::modules
