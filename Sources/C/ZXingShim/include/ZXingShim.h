// Debian's zxing-cpp behind plain C: matrix codes in gray pixels.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The kinds of code, to be added up.
///
/// Codes of lines are left out: with them, two results in one picture end the process (1.4.0).
enum {
    ZXING_SHIM_QR = 1,
    ZXING_SHIM_DATA_MATRIX = 2,
    ZXING_SHIM_AZTEC = 4,
    ZXING_SHIM_PDF417 = 8,
    ZXING_SHIM_MICRO_QR = 16,
};

/// How much work a picture is worth, to be added up.
enum {
    ZXING_SHIM_HARDER = 1,
    ZXING_SHIM_ROTATE = 2,
    ZXING_SHIM_SMALLER = 4,
    ZXING_SHIM_PURE = 8,
    /// Threshold by local means; else one threshold for the whole picture.
    ZXING_SHIM_LOCAL = 16,
};

/// One symbol; its bytes belong to the library and live until the callback returns.
struct zxing_shim_symbol {
    int kind;
    const uint8_t *bytes;
    size_t count;
    /// The AIM symbology identifier, `]` and two characters, ended by NUL.
    char identifier[4];
    /// The ECI of the data: -1 none, -2 several, else its number.
    int eci;
    /// Which part of how many of a longer message; -1 when it is whole.
    int part;
    int part_count;
    /// x and y of four corners, clockwise from the symbol's upper left.
    int corners[8];
};

typedef void (*zxing_shim_found)(void *context, const struct zxing_shim_symbol *symbol);

/// Looks for codes.
///
/// @return the number of symbols given to `found`, or -1 when the library failed.
int zxing_shim_read(
    const uint8_t *pixels,
    int width,
    int height,
    int row_stride,
    int kinds,
    int effort,
    void *context,
    zxing_shim_found found);

#ifdef __cplusplus
}
#endif
