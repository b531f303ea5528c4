// Which encodings there are, and what else they are called.
#include <algorithm>
#include <array>
#include <string_view>

#include "text/codec.hpp"
#include "text/iconv_handle.hpp"
#include "text/multibyte_codec.hpp"
#include "text/single_byte_codec.hpp"
#include "text/unicode_codecs.hpp"

namespace ringfiles::text {
namespace {

constexpr codec utf8(std::string_view name, std::string_view kind = "plain") {
  return {name, make_utf8_decoder, make_utf8_encoder, kind};
}
constexpr codec utf16(std::string_view name, std::string_view order) {
  return {name, make_utf16_decoder, make_utf16_encoder, order};
}
constexpr codec utf32(std::string_view name, std::string_view order) {
  return {name, make_utf32_decoder, make_utf32_encoder, order};
}
constexpr codec single_byte(std::string_view name, const char* of_iconv = nullptr) {
  return {name, make_single_byte_decoder, make_single_byte_encoder, {}, of_iconv};
}
constexpr codec multibyte(std::string_view name, std::string_view form, const char* of_iconv) {
  return {name, make_multibyte_decoder, make_multibyte_encoder, form, of_iconv};
}
constexpr codec iso2022(std::string_view name, const char* of_iconv) {
  return {name, make_iso2022_decoder, make_iso2022_encoder, {}, of_iconv};
}

/// Of the encodings of one byte those that iconv(3) and CPython agree on, byte for byte.
constexpr auto codecs = std::to_array<codec>({
    utf8("utf-8"),
    utf8("utf-8-sig", "marked"),
    utf16("utf-16", "marked"),
    utf16("utf-16-le", "little"),
    utf16("utf-16-be", "big"),
    utf32("utf-32", "marked"),
    utf32("utf-32-le", "little"),
    utf32("utf-32-be", "big"),
    single_byte("ascii"),
    single_byte("latin-1"),
    single_byte("cp037", "CP037"),
    single_byte("cp437", "CP437"),
    single_byte("cp500", "CP500"),
    single_byte("cp737", "CP737"),
    single_byte("cp775", "CP775"),
    single_byte("cp850", "CP850"),
    single_byte("cp852", "CP852"),
    single_byte("cp855", "CP855"),
    single_byte("cp857", "CP857"),
    single_byte("cp858", "CP858"),
    single_byte("cp860", "CP860"),
    single_byte("cp861", "CP861"),
    single_byte("cp862", "CP862"),
    single_byte("cp863", "CP863"),
    single_byte("cp864", "CP864"),
    single_byte("cp865", "CP865"),
    single_byte("cp866", "CP866"),
    single_byte("cp869", "CP869"),
    single_byte("cp874", "CP874"),
    single_byte("cp1125", "CP1125"),
    single_byte("cp1140", "CP1140"),
    single_byte("cp1250", "CP1250"),
    single_byte("cp1251", "CP1251"),
    single_byte("cp1252", "CP1252"),
    single_byte("cp1253", "CP1253"),
    single_byte("cp1254", "CP1254"),
    single_byte("cp1255", "CP1255"),
    single_byte("cp1256", "CP1256"),
    single_byte("cp1257", "CP1257"),
    single_byte("cp1258", "CP1258"),
    single_byte("iso8859-2", "ISO-8859-2"),
    single_byte("iso8859-3", "ISO-8859-3"),
    single_byte("iso8859-4", "ISO-8859-4"),
    single_byte("iso8859-5", "ISO-8859-5"),
    single_byte("iso8859-6", "ISO-8859-6"),
    single_byte("iso8859-7", "ISO-8859-7"),
    single_byte("iso8859-8", "ISO-8859-8"),
    single_byte("iso8859-9", "ISO-8859-9"),
    single_byte("iso8859-10", "ISO-8859-10"),
    single_byte("iso8859-11", "ISO-8859-11"),
    single_byte("iso8859-13", "ISO-8859-13"),
    single_byte("iso8859-14", "ISO-8859-14"),
    single_byte("iso8859-15", "ISO-8859-15"),
    single_byte("iso8859-16", "ISO-8859-16"),
    single_byte("koi8-r", "KOI8-R"),
    single_byte("koi8-t", "KOI8-T"),
    single_byte("koi8-u", "KOI8-U"),
    single_byte("kz1048", "RK1048"),
    single_byte("ptcp154", "PT154"),
    single_byte("hp-roman8", "HP-ROMAN8"),
    multibyte("shift_jis", "shift_jis", "SJIS"),
    multibyte("cp932", "cp932", "CP932"),
    multibyte("euc_jp", "euc_jp", "EUC-JP"),
    multibyte("gb2312", "from_a1", "GB2312"),
    multibyte("euc_kr", "euc_kr", "EUC-KR"),
    multibyte("gbk", "from_81", "GBK"),
    multibyte("big5", "from_81", "BIG5"),
    multibyte("cp949", "from_81", "CP949"),
    multibyte("cp950", "from_81", "CP950"),
    multibyte("gb18030", "gb18030", "GB18030"),
    iso2022("iso2022_jp", "ISO-2022-JP"),
});

struct alias {
  std::string_view key;
  std::string_view name;
};

/// As key_of() has them, sorted; Python's own (encodings.aliases).
constexpr auto aliases = std::to_array<alias>({
    {"037", "cp037"},
    {"1125", "cp1125"},
    {"1140", "cp1140"},
    {"1250", "cp1250"},
    {"1251", "cp1251"},
    {"1252", "cp1252"},
    {"1253", "cp1253"},
    {"1254", "cp1254"},
    {"1255", "cp1255"},
    {"1256", "cp1256"},
    {"1257", "cp1257"},
    {"1258", "cp1258"},
    {"437", "cp437"},
    {"500", "cp500"},
    {"646", "ascii"},
    {"775", "cp775"},
    {"850", "cp850"},
    {"852", "cp852"},
    {"855", "cp855"},
    {"857", "cp857"},
    {"858", "cp858"},
    {"860", "cp860"},
    {"861", "cp861"},
    {"862", "cp862"},
    {"863", "cp863"},
    {"864", "cp864"},
    {"865", "cp865"},
    {"866", "cp866"},
    {"869", "cp869"},
    {"8859", "latin-1"},
    {"932", "cp932"},
    {"936", "gbk"},
    {"949", "cp949"},
    {"950", "cp950"},
    {"ansix341968", "ascii"},
    {"ansix341986", "ascii"},
    {"arabic", "iso8859-6"},
    {"asmo708", "iso8859-6"},
    {"big5tw", "big5"},
    {"chinese", "gb2312"},
    {"cp1051", "hp-roman8"},
    {"cp154", "ptcp154"},
    {"cp367", "ascii"},
    {"cp65001", "utf-8"},
    {"cp819", "latin-1"},
    {"cp866u", "cp1125"},
    {"cp936", "gbk"},
    {"cpgr", "cp869"},
    {"cpis", "cp861"},
    {"csascii", "ascii"},
    {"csbig5", "big5"},
    {"cshproman8", "hp-roman8"},
    {"csibm037", "cp037"},
    {"csibm500", "cp500"},
    {"csibm855", "cp855"},
    {"csibm857", "cp857"},
    {"csibm858", "cp858"},
    {"csibm860", "cp860"},
    {"csibm861", "cp861"},
    {"csibm863", "cp863"},
    {"csibm864", "cp864"},
    {"csibm865", "cp865"},
    {"csibm866", "cp866"},
    {"csibm869", "cp869"},
    {"csiso2022jp", "iso2022_jp"},
    {"csiso58gb231280", "gb2312"},
    {"csisolatin1", "latin-1"},
    {"csisolatin2", "iso8859-2"},
    {"csisolatin3", "iso8859-3"},
    {"csisolatin4", "iso8859-4"},
    {"csisolatin5", "iso8859-9"},
    {"csisolatin6", "iso8859-10"},
    {"csisolatinarabic", "iso8859-6"},
    {"csisolatincyrillic", "iso8859-5"},
    {"csisolatingreek", "iso8859-7"},
    {"csisolatinhebrew", "iso8859-8"},
    {"cskoi8r", "koi8-r"},
    {"cspc775baltic", "cp775"},
    {"cspc850multilingual", "cp850"},
    {"cspc862latinhebrew", "cp862"},
    {"cspc8codepage437", "cp437"},
    {"cspcp852", "cp852"},
    {"csptcp154", "ptcp154"},
    {"csshiftjis", "shift_jis"},
    {"cyrillic", "iso8859-5"},
    {"cyrillicasian", "ptcp154"},
    {"ebcdiccpbe", "cp500"},
    {"ebcdiccpca", "cp037"},
    {"ebcdiccpch", "cp500"},
    {"ebcdiccpnl", "cp037"},
    {"ebcdiccpus", "cp037"},
    {"ebcdiccpwt", "cp037"},
    {"ecma114", "iso8859-6"},
    {"ecma118", "iso8859-7"},
    {"elot928", "iso8859-7"},
    {"euccn", "gb2312"},
    {"eucgb2312cn", "gb2312"},
    {"gb180302000", "gb18030"},
    {"gb23121980", "gb2312"},
    {"gb231280", "gb2312"},
    {"greek", "iso8859-7"},
    {"greek8", "iso8859-7"},
    {"hebrew", "iso8859-8"},
    {"ibm037", "cp037"},
    {"ibm039", "cp037"},
    {"ibm1051", "hp-roman8"},
    {"ibm1125", "cp1125"},
    {"ibm1140", "cp1140"},
    {"ibm367", "ascii"},
    {"ibm437", "cp437"},
    {"ibm500", "cp500"},
    {"ibm775", "cp775"},
    {"ibm819", "latin-1"},
    {"ibm850", "cp850"},
    {"ibm852", "cp852"},
    {"ibm855", "cp855"},
    {"ibm857", "cp857"},
    {"ibm858", "cp858"},
    {"ibm860", "cp860"},
    {"ibm861", "cp861"},
    {"ibm862", "cp862"},
    {"ibm863", "cp863"},
    {"ibm864", "cp864"},
    {"ibm865", "cp865"},
    {"ibm866", "cp866"},
    {"ibm869", "cp869"},
    {"iso646irv1991", "ascii"},
    {"iso646us", "ascii"},
    {"iso8859", "latin-1"},
    {"iso88591", "latin-1"},
    {"iso8859101992", "iso8859-10"},
    {"iso8859112001", "iso8859-11"},
    {"iso885911987", "latin-1"},
    {"iso8859141998", "iso8859-14"},
    {"iso8859162001", "iso8859-16"},
    {"iso885921987", "iso8859-2"},
    {"iso885931988", "iso8859-3"},
    {"iso885941988", "iso8859-4"},
    {"iso885951988", "iso8859-5"},
    {"iso885961987", "iso8859-6"},
    {"iso885971987", "iso8859-7"},
    {"iso885981988", "iso8859-8"},
    {"iso885991989", "iso8859-9"},
    {"isoceltic", "iso8859-14"},
    {"isoir100", "latin-1"},
    {"isoir101", "iso8859-2"},
    {"isoir109", "iso8859-3"},
    {"isoir110", "iso8859-4"},
    {"isoir126", "iso8859-7"},
    {"isoir127", "iso8859-6"},
    {"isoir138", "iso8859-8"},
    {"isoir144", "iso8859-5"},
    {"isoir148", "iso8859-9"},
    {"isoir157", "iso8859-10"},
    {"isoir199", "iso8859-14"},
    {"isoir226", "iso8859-16"},
    {"isoir58", "gb2312"},
    {"isoir6", "ascii"},
    {"korean", "euc_kr"},
    {"ksc5601", "euc_kr"},
    {"ksc56011987", "euc_kr"},
    {"ksx1001", "euc_kr"},
    {"l1", "latin-1"},
    {"l10", "iso8859-16"},
    {"l2", "iso8859-2"},
    {"l3", "iso8859-3"},
    {"l4", "iso8859-4"},
    {"l5", "iso8859-9"},
    {"l6", "iso8859-10"},
    {"l7", "iso8859-13"},
    {"l8", "iso8859-14"},
    {"l9", "iso8859-15"},
    {"latin", "latin-1"},
    {"latin10", "iso8859-16"},
    {"latin2", "iso8859-2"},
    {"latin3", "iso8859-3"},
    {"latin4", "iso8859-4"},
    {"latin5", "iso8859-9"},
    {"latin6", "iso8859-10"},
    {"latin7", "iso8859-13"},
    {"latin8", "iso8859-14"},
    {"latin9", "iso8859-15"},
    {"ms932", "cp932"},
    {"ms936", "gbk"},
    {"ms949", "cp949"},
    {"ms950", "cp950"},
    {"mskanji", "cp932"},
    {"pt154", "ptcp154"},
    {"r8", "hp-roman8"},
    {"rk1048", "kz1048"},
    {"roman8", "hp-roman8"},
    {"ruscii", "cp1125"},
    {"sjis", "shift_jis"},
    {"strk10482002", "kz1048"},
    {"thai", "iso8859-11"},
    {"u16", "utf-16"},
    {"u32", "utf-32"},
    {"u8", "utf-8"},
    {"uhc", "cp949"},
    {"ujis", "euc_jp"},
    {"unicodebigunmarked", "utf-16-be"},
    {"unicodelittleunmarked", "utf-16-le"},
    {"us", "ascii"},
    {"usascii", "ascii"},
    {"utf", "utf-8"},
    {"utf8ucs2", "utf-8"},
    {"utf8ucs4", "utf-8"},
    {"windows1250", "cp1250"},
    {"windows1251", "cp1251"},
    {"windows1252", "cp1252"},
    {"windows1253", "cp1253"},
    {"windows1254", "cp1254"},
    {"windows1255", "cp1255"},
    {"windows1256", "cp1256"},
    {"windows1257", "cp1257"},
    {"windows1258", "cp1258"},
    {"xmacjapanese", "shift_jis"},
    {"xmackorean", "euc_kr"},
    {"xmacsimpchinese", "gb2312"},
    {"xmactradchinese", "big5"},
});
static_assert(std::ranges::is_sorted(aliases, {}, &alias::key));

/// Names of codecs and aliases, as key_of() has them, are no longer.
constexpr std::size_t most_key_bytes = 32;

struct key {
  std::array<char, most_key_bytes> letters{};
  std::size_t size = 0;
  std::string_view view() const noexcept { return {letters.data(), size}; }
};

/// Python takes "UTF-8", "utf_8" and "Utf 8" for the same; so does whoever looks at letters and
/// digits only. Nothing that long is a name.
key key_of(std::string_view name) noexcept {
  key made;
  for (const char letter : name) {
    const bool upper = letter >= 'A' && letter <= 'Z';
    const char lower = static_cast<char>(upper ? letter + ('a' - 'A') : letter);
    const bool counts = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (counts && made.size == most_key_bytes) return {};
    if (counts) made.letters[made.size++] = lower;
  }
  return made;
}

/// No spelling of a name has these.
bool has_forbidden_letters(std::string_view name) noexcept {
  return std::ranges::any_of(name, [](char letter) {
    return static_cast<signed char>(letter) <= 0 || letter == '/' || letter == '?';
  });
}

}  // namespace

const codec* find_codec(std::string_view name) noexcept {
  if (has_forbidden_letters(name)) return nullptr;
  key wanted = key_of(name);
  const auto also = std::ranges::lower_bound(aliases, wanted.view(), {}, &alias::key);
  if (also != aliases.end() && also->key == wanted.view()) wanted = key_of(also->name);
  const auto found = std::ranges::find_if(
      codecs, [&](const codec& one) { return key_of(one.name).view() == wanted.view(); });
  return found == codecs.end() ? nullptr : &*found;
}

bool is_available(const codec& one) noexcept {
  return one.of_iconv == nullptr || iconv_handle("UTF-8", one.of_iconv);
}

bool is_plain_utf8(const codec& one) noexcept { return &one == codecs.data(); }

std::span<const codec> all_codecs() noexcept { return codecs; }

}  // namespace ringfiles::text
