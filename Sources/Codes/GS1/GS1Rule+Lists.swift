extension GS1Rule {
    /// Countries, currencies, packages and media: codes that stand in a list.
    func listBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        let code = String(decoding: part, as: UTF8.self)
        let (isListed, fault): (Bool, GS1Fault) =
            switch self {
            case .countryOrAny:
                (code == "999" || Self.isListed(code, Self.countries), .badCountry)
            case .countryLetters: (Self.countryPairs.contains(code), .badCountry)
            case .currency: (Self.isListed(code, Self.currencies), .badCurrency)
            case .media: (Self.isMedia(part), .badMedia)
            case .package:
                (Self.packages.contains(code) || Self.packagePairs.contains(code), .badPackage)
            default: (Self.isListed(code, Self.countries), .badCountry)
            }
        return isListed ? nil : GS1RuleBreach(fault, 0..<part.count)
    }

    private static func isListed(_ code: String, _ list: Set<Int>) -> Bool {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return false
        }
        return Int(code).map(list.contains) ?? false
    }

    /// 01 to 10 are assigned by ICCBBA, 80 to 99 are for national use.
    private static func isMedia(_ part: [UInt8]) -> Bool {
        guard part.count == 2, digitBreach(part) == nil else { return false }
        let code = (Int(part[0]) - 48) * 10 + Int(part[1]) - 48
        return (1...10).contains(code) || (80...99).contains(code)
    }

    /// `8 31-32` as numbers.
    private static func numbers(_ text: String) -> Set<Int> {
        Set(
            text.split(whereSeparator: \.isWhitespace).flatMap { word in
                let ends = word.split(separator: "-").compactMap { Int($0) }
                return Array(ends[0]...ends[ends.count - 1])
            }
        )
    }

    /// `ADE` stands for AD and AE.
    private static func pairs(_ text: String) -> Set<String> {
        Set(
            text.split(whereSeparator: \.isWhitespace).flatMap { word in
                word.dropFirst().map { "\(word.prefix(1))\($0)" }
            }
        )
    }

    /// ISO 3166-1, numeric.
    private static let countries = numbers(
        """
        4 8 10 12 16 20 24 28 31-32 36 40 44 48 50-52 56 60 64 68 70 72 74 76 84 86 90
        92 96 100 104 108 112 116 120 124 132 136 140 144 148 152 156 158 162 166 170
        174-175 178 180 184 188 191-192 196 203-204 208 212 214 218 222 226 231-234
        238-239 242 246 248 250 254 258 260 262 266 268 270 275-276 288 292 296 300 304
        308 312 316 320 324 328 332 334 336 340 344 348 352 356 360 364 368 372 376 380
        384 388 392 398 400 404 408 410 414 417-418 422 426 428 430 434 438 440 442 446
        450 454 458 462 466 470 474 478 480 484 492 496 498-500 504 508 512 516 520 524
        528 531 533-535 540 548 554 558 562 566 570 574 578 580-581 583-586 591 598 600
        604 608 612 616 620 624 626 630 634 638 642-643 646 652 654 659-660 662-663 666
        670 674 678 682 686 688 690 694 702-706 710 716 724 728-729 732 740 744 748 752
        756 760 762 764 768 772 776 780 784 788 792 795-796 798 800 804 807 818 826
        831-834 840 850 854 858 860 862 876 882 887 894
        """
    )

    /// ISO 4217, numeric.
    private static let currencies = numbers(
        """
        8 12 32 36 44 48 50-52 60 64 68 72 84 90 96 104 108 116 124 132 136 144 152 156
        170 174 188 192 203 208 214 222 230 232 238 242 262 270 292 320 324 328 332 340
        344 348 352 356 360 364 368 376 388 392 396 398 400 404 408 410 414 417-418 422
        426 430 434 446 454 458 462 480 484 496 498 504 512 516 524 532-533 548 554 558
        566 578 586 590 598 600 604 608 634 643 646 654 682 690 702 704 706 710 728 748
        752 756 760 764 776 780 784 788 800 807 818 826 834 840 858 860 882 886 901
        924-930 933-934 936 938 940-941 943-944 946-953 955-965 967-973 975-981 984-986
        990 994 997 999
        """
    )

    /// ISO 3166-1, alpha-2.
    private static let countryPairs = pairs(
        """
        ADEFGILMOQRSTUWXZ BABDEFGHIJLMNOQRSTVWYZ CACDFGHIKLMNORUVWXYZ DEJKMOZ ECEGHRST
        FIJKMOR GABDEFGHILMNPQRSTUWY HKMNRTU IDELMNOQRST JEMOP KEGHIMNPRWYZ LABCIKRSTUVY
        MACDEFGHKLMNOPQRSTUVWXYZ NACEFGILOPRUZ OM PAEFGHKLMNRSTWY QA REOSUW
        SABCDEGHIJKLMNORSTVXYZ TCDFGHJKLMNORTVWZ UAGMSYZ VACEGINU WFS YET ZAMW
        """
    )

    /// GS1's PackageTypeCode list (UN/ECE Recommendation 21 and GS1's own), of two characters.
    private static let packagePairs = pairs(
        """
        1ABDFGW 2C 3AH 434ABCDFGH 5HLM 6HP 7AB 8ABC AABCDFGHIJLMPTV
        B4BCDEFGHIJKLMNOPQRSTUVWXYZ CABCDEFGHIJKLMNOPQRSTUVWXYZ DABCGHIJKLMNPRSTUVWXY
        E123CDEFGHIN FBCDEILOPRTWX GBILRUYZ HABCGNR IABCDEFGHKLNZ JBCGRTY KGI LEGTUVZ
        MABCERSTWX NAEFGSTUV OABCDEFKTU P2ABCDEFGHIJKLNOPRTUVXYZ QABCDFGHJKLMNPQRS
        RDGJKLOTZ S1ABCDEHIKLMOPSTUVWXYZ T1BCDEGIKLNORSTUVWYZ UCN VAGIKLNOPQRSY
        WABCDFGHJKLMNPQRSTUVWXYZ X3ABCDFGHJK YABCDFGHJKLMNPQRSTVWXYZ
        ZABCDFGHJKLMNPQRSTUVWXYZ
        """
    )

    private static let packages = Set(
        """
        200 201 202 203 204 205 206 210 211 212 8 9 APE BGE BME BRI CBL CCE DPE FOB FPE
        LAB MPE OPE PAE PLP POP PPE PUE RB1 RB2 RB3 RCB SEC STL TEV THE TRE TTE TWE UUE
        WRP X11 X12 X15 X16 X17 X18 X19 X20
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )
}
