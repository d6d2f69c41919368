extension ApplicationIdentifier {
    /// The rules of every application identifier, a row each: facts from the GS1 General
    /// Specifications (3.2) and the GS1 Barcode Syntax Dictionary as of syntax engine 1.4.1.
    ///
    /// A row is: codes, the parts of the value, marks.
    ///
    ///     01 N14:check:prefix2 not=255/37 key=22.10.21/235
    ///
    /// - Codes: `11`, a range `11-13`, or families `310-316_5`, each followed by a digit 0 to 5.
    /// - A part: N digits, X wide, Y narrow, Z base64url; a count or `..` and the highest one; `?`
    ///   when it may be left out; the names of ``GS1Rule`` that it keeps.
    /// - `pathonly`: a Digital Link cannot carry it as an attribute.
    /// - `with=A/B+C`: needs A, or B and C, beside it; several marks hold each. `31nn` stands for
    ///   any identifier of four digits that starts with 31.
    /// - `not=A/B`: neither A nor B beside it; `own` stands for others of its family.
    /// - `key`: a Digital Link can start with it; behind `=` its qualifiers in their order,
    ///   `/` between alternatives.
    static let rows = """
        00 N18:check:prefix2 key
        01 N14:check:prefix2 not=255/37 key=22.10.21/235
        02 N14:check:prefix2 not=01/03 with=37
        03 N14:check:prefix2 pathonly not=01/02/37
        10 X..20 with=01/02/03/8006/8026
        11 N6:month with=01/02/03/8006/8026
        12 N6:month with=8020
        13 N6:month with=01/02/03/8006/8026
        15-16 N6:month with=01/02/03/8006/8026
        17 N6:month with=01/02/03/255/8006/8026
        20 N2 with=01/02/8006/8026
        21 X..20 pathonly with=01/03/8006 not=235
        22 X..20 pathonly with=01
        235 X..28 pathonly with=01
        240-241 X..30 with=01/02/8006/8026
        242 N..6 with=01/02/8006/8026
        243 X..20 with=01
        250 X..30 with=01/8006 with=21
        251 X..30 with=01/8006
        253 N13:check:prefix1 X..17? key
        254 X..20 pathonly with=414
        255 N13:check:prefix1 N..12? key not=01/02/415/8006/8020/8026
        30 N..8 with=01/02
        310-316_5 N6 with=01/02 not=own
        320-329_5 N6 with=01/02 not=own
        330-336_5 N6 with=00/01 not=own
        337_5 N6 with=01 not=own
        340-349_5 N6 with=00/01 not=own
        350-352_5 N6 with=01/02 not=own
        353-355_5 N6 with=00/01 not=own
        356-357_5 N6 with=01/02 not=own
        360-361_5 N6 with=01/02 not=own
        362-363_5 N6 with=00/01 not=own
        364-366_5 N6 with=01/02 not=own
        367-369_5 N6 with=00/01 not=own
        37 N..8 with=00 with=02/8026
        390_9 N..15 with=255/8020 not=own/391n/394n/8111
        391_9 N3:currency N..15 with=8020 not=own
        392_9 N..15 with=01 with=30/31nn/32nn/35nn/36nn not=own/393n
        393_9 N3:currency N..15 with=30/31nn/32nn/35nn/36nn not=own
        394_3 N4 with=255 not=own/8111
        395_5 N6 with=30/31nn/32nn/35nn/36nn not=392n/393n/own/8005
        400 X..30
        401 X..30:prefix1 key
        402 N17:check:prefix1 key
        403 X..30 with=00
        410-413 N13:check:prefix1
        414 N13:check:prefix1 key=254/7040
        415 N13:check:prefix1 with=8020 key=8020
        416 N13:check:prefix1
        417 N13:check:prefix1 key=7040
        420 X..20 not=421
        421 N3:country X..9 not=4307
        422 N3:country with=01/02/8006/8026 not=426
        423 N3:country N3?:country N3?:country N3?:country N3?:country with=01/02 not=426
        424 N3:country with=01/02 not=426
        425 N3:country N3?:country N3?:country N3?:country N3?:country with=01/02 not=426
        426 N3:country with=01/02
        427 X..3 with=01/02 with=422
        4300-4301 X..35:percent with=00
        4302 X..70:percent with=00
        4303 X..70:percent with=4302
        4304-4306 X..70:percent with=00
        4307 X2:letters with=00
        4308 X..30 with=00
        4309 N10:latitude N10:longitude with=00
        4310-4311 X..35:percent with=00
        4312 X..70:percent with=00
        4313 X..70:percent with=4312
        4314-4316 X..70:percent with=00
        4317 X2:letters with=00
        4318 X..20 with=00
        4319 X..30 with=00
        4320 X..35:percent with=00
        4321-4323 N1:yesno with=00
        4324-4325 N6:month N4:time with=00
        4326 N6:date with=00
        4330 N6 X1?:hyphen with=00 not=4331
        4331 N6 X1?:hyphen with=00 not=4330
        4332 N6 X1?:hyphen with=00 not=4333
        4333 N6 X1?:hyphen with=00 not=4332
        7001 N13 with=01/02/8006/8026
        7002 X..30 with=01/02
        7003 N6:date N4:time with=01/02
        7004 N..4 with=01+10
        7005 X..12 with=01/02
        7006 N6:date with=01/02
        7007 N6:date N6?:date with=01/02
        7008 X..3 with=01/02
        7009 X..10 with=01/02
        7010 X..2 with=01/02
        7011 N6:date N4?:time with=01/02
        7020 X..20 with=01/8006 with=416
        7021 X..20 with=01/8006
        7022 X..20 with=7021
        7023 X..30:prefix1
        7030-7039 N3:country999 X..27 with=01/02
        7040 N1 X1 X1 X1:importer pathonly
        7041 X..4:package pathonly with=00
        710-717 X..20 with=01
        7230-7239 X2 X..28 with=01/8004
        7240 X..20 with=01/8006
        7241 N2:media with=8017/8018
        7242 X..25 with=8017/8018
        7250 N8:longdate with=8018 not=7251
        7251 N8:longdate N4:time with=8018 not=7250
        7252 N1:sex with=8018
        7253-7254 X..40:percent with=8017/8018 not=7256/7259
        7255 X..10 with=8017/8018 not=7256/7259
        7256 X..90:percent with=8017/8018
        7257 X..70:percent with=8018
        7258 X3:sequence with=8018+7259
        7259 X..40:percent with=8018 not=7256
        8001 N4:nonzero N5:nonzero N3:nonzero N1:winding N1 with=01
        8002 X..20
        8003 N1:zero N13:check:prefix1 X..16? key
        8004 X..30:prefix1 key=7040
        8005 N6 with=01/02
        8006 N14:check:prefix2 N4:piece not=01/37 key=22.10.21
        8007 X..34:account with=415
        8008 N6:date N2:hour N2?:minute N2?:second with=01/02
        8009 X..50 with=00/01
        8010 Y..30:prefix1 key=8011
        8011 N..12:nolead pathonly with=8010
        8012 X..20 with=01/8006
        8013 X..25:pair:prefix1 key
        8014 X..25:pair:prefix1:letter pathonly with=01
        8017 N18:check:prefix1 not=8018 key=8019
        8018 N18:check:prefix1 not=8017 key=8019
        8019 N..10 pathonly with=8017/8018
        8020 X..25 pathonly with=415
        8026 N14:check:prefix2 N4:piece with=37 not=02/8006
        8030 Z..90 with=00/01+21/253/255/8003/8004/8006+21/8010+8011/8017/8018
        8040 N15 pathonly with=01+21
        8041 N15 pathonly with=01+21+8040
        8042 N32 pathonly with=01+21+8040
        8043 N18 N..2? pathonly with=01+21+8040
        8110 X..70:coupon
        8111 N4 with=255
        8112 X..70:offer
        8200 X..70 pathonly with=01
        90 X..30
        91-99 X..90
        """
}
