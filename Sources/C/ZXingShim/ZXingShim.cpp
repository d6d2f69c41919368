#include "ZXingShim.h"

#define ZX_USE_UTF8 1
#include <ZXing/ReadBarcode.h>

#include <cstring>
#include <exception>
#include <string>

namespace {

struct Kind {
    int flag;
    ZXing::BarcodeFormat format;
};

const Kind kindTable[] = {
    {ZXING_SHIM_QR, ZXing::BarcodeFormat::QRCode},
    {ZXING_SHIM_DATA_MATRIX, ZXing::BarcodeFormat::DataMatrix},
    {ZXING_SHIM_AZTEC, ZXing::BarcodeFormat::Aztec},
    {ZXING_SHIM_PDF417, ZXing::BarcodeFormat::PDF417},
    {ZXING_SHIM_MICRO_QR, ZXing::BarcodeFormat::MicroQRCode},
};

ZXing::DecodeHints hintsFor(int kinds, int effort) {
    ZXing::BarcodeFormats formats;
    for (const Kind &kind : kindTable) {
        if (kinds & kind.flag) formats |= kind.format;
    }
    ZXing::DecodeHints hints;
    hints.setFormats(formats);
    hints.setTryHarder(effort & ZXING_SHIM_HARDER);
    hints.setTryRotate(effort & ZXING_SHIM_ROTATE);
    hints.setTryDownscale(effort & ZXING_SHIM_SMALLER);
    hints.setIsPure(effort & ZXING_SHIM_PURE);
    hints.setBinarizer(
        effort & ZXING_SHIM_LOCAL ? ZXing::Binarizer::LocalAverage
                                  : ZXing::Binarizer::GlobalHistogram);
    return hints;
}

/// The one ECI of a symbol's data; -1 when there is none, -2 when there are several.
///
/// The library tells it only inside the bytes of the ECI protocol: a backslash and six digits,
/// where a backslash of the data is doubled.
int eciOf(const ZXing::Result &result) {
    if (!result.hasECI()) return -1;
    const ZXing::ByteArray bytes = result.bytesECI();
    int eci = -1;
    for (size_t place = 0; place + 1 < bytes.size(); ++place) {
        if (bytes[place] != '\\') continue;
        if (bytes[place + 1] == '\\') {
            ++place;
            continue;
        }
        if (place + 7 > bytes.size()) break;
        int value = 0;
        for (size_t digit = 1; digit <= 6; ++digit) value = value * 10 + (bytes[place + digit] - '0');
        if (eci != -1 && eci != value) return -2;
        eci = value;
    }
    return eci;
}

bool fill(const ZXing::Result &result, zxing_shim_symbol &symbol) {
    symbol.kind = 0;
    for (const Kind &kind : kindTable) {
        if (result.format() == kind.format) symbol.kind = kind.flag;
    }
    if (symbol.kind == 0) return false;
    const ZXing::ByteArray &bytes = result.bytes();
    symbol.bytes = bytes.data();
    symbol.count = bytes.size();
    const std::string identifier = result.symbologyIdentifier();
    std::memset(symbol.identifier, 0, sizeof symbol.identifier);
    identifier.copy(symbol.identifier, sizeof symbol.identifier - 1);
    symbol.eci = eciOf(result);
    symbol.part = result.isPartOfSequence() ? result.sequenceIndex() : -1;
    symbol.part_count = result.isPartOfSequence() ? result.sequenceSize() : -1;
    const ZXing::Position &position = result.position();
    for (int corner = 0; corner < 4; ++corner) {
        symbol.corners[2 * corner] = position[corner].x;
        symbol.corners[2 * corner + 1] = position[corner].y;
    }
    return true;
}

}  // namespace

extern "C" int zxing_shim_read(
    const uint8_t *pixels,
    int width,
    int height,
    int row_stride,
    int kinds,
    int effort,
    void *context,
    zxing_shim_found found) {
    try {
        const ZXing::ImageView view(pixels, width, height, ZXing::ImageFormat::Lum, row_stride);
        int count = 0;
        for (const ZXing::Result &result : ZXing::ReadBarcodes(view, hintsFor(kinds, effort))) {
            zxing_shim_symbol symbol;
            if (!result.isValid() || !fill(result, symbol)) continue;
            found(context, &symbol);
            ++count;
        }
        return count;
    } catch (const std::exception &) {
        return -1;
    }
}
