import Codes
import Foundation
import Testing

/// Goal: the same verdicts, values and links as GS1's own engine.
///
/// Method: its verdicts on texts
/// built from its dictionary, its own tests, and the tests of its component checks, which lie
/// outside the package.
@Suite struct GS1VectorTests {
    private let parser = CodeParser(compressor: Fixture.compressor)

    @Test func `every verdict, value and link of GS1's own engine is ours`() throws {
        guard let vectors = try Vectors("gs1/gs1_engine_vectors.csv") else { return }
        var agreed = 0
        for row in vectors.rows {
            let text = try Vectors.unescaped(try #require(row["input"]))
            let expected = try ["expect_unbracketed", "expect_bracketed", "expect_dl"].map {
                try Vectors.unescaped(row[$0] ?? "")
            }
            do {
                let found = try parser.gs1(text)
                let forms = [found.unbracketed, found.bracketed, found.digitalLink ?? ""]
                #expect(row["valid"] == "1" && forms == expected, "\(text): \(forms)")
                agreed += row["valid"] == "1" && forms == expected ? 1 : 0
            } catch {
                #expect(row["valid"] == "0", "\(text): \(error)")
                agreed += row["valid"] == "0" ? 1 : 0
            }
        }
        print("GS1 engine vectors: \(agreed) of \(vectors.rows.count) agree")
    }

    /// The engine marks the wrong characters; our place is the first of them.
    @Test func `refusals point at the character that GS1's own engine marks`() throws {
        guard let vectors = try Vectors("gs1/gs1_engine_vectors.csv") else { return }
        for row in vectors.rows where row["kind"] == "gs1_bracketed" {
            let mark = row["error_markup"] ?? ""
            guard !mark.contains("\\"), let bar = mark.unicodeScalars.firstIndex(of: "|") else {
                continue
            }
            let text = try Vectors.unescaped(try #require(row["input"]))
            let start = try #require(text.range(of: mark.prefix { $0 != ")" } + ")"))
            let before = mark.unicodeScalars.distance(from: mark.startIndex, to: bar)
            let offset = text.unicodeScalars.distance(from: text.startIndex, to: start.lowerBound)
            do {
                _ = try parser.gs1(text)
            } catch {
                guard case .gs1(_, let place) = error else { continue }
                #expect("(\(place.identifier)" == mark.prefix { $0 != ")" }, "\(text)")
                #expect(place.position == offset + before + 1, "\(text): \(mark)")
            }
        }
    }

    @Test func `each part of a value is judged as GS1's own checks judge it`() throws {
        guard let vectors = try Vectors("gs1/gs1_linters.csv") else { return }
        // The others check lists and keys that no application identifier names.
        let rows = vectors.rows.filter { Self.check(named: $0["linter"] ?? "") != nil }
        var agreed = 0
        for row in rows {
            let check = try #require(Self.check(named: row["linter"] ?? ""))
            let bytes = try Vectors.unescaped(row["input"] ?? "").unicodeScalars.map {
                $0.isASCII ? UInt8($0.value) : 0xFF
            }
            let breach = check(bytes)
            let isRight = breach == nil ? row["valid"] == "1" : row["valid"] == "0"
            #expect(isRight, "\(row)")
            if let breach, let mark = row["error_markup"] {
                let marked = try Vectors.unescaped(mark)
                let stars = marked.unicodeScalars.enumerated().filter { $1 == "*" }.map(\.offset)
                if stars.count == 2 {
                    #expect(breach.range == stars[0]..<(stars[1] - 1), "\(row)")
                }
            }
            agreed += isRight ? 1 : 0
        }
        print("GS1 linters: \(agreed) of \(rows.count) cases that apply agree")
    }

    private static func check(named name: String) -> (([UInt8]) -> GS1RuleBreach?)? {
        let rules: [String: GS1Rule] = [
            "csum": .check, "csumalpha": .checkPair, "gcppos1": .prefixFirst,
            "gcppos2": .prefixSecond, "yymmdd": .date, "yymmd0": .month, "yyyymmdd": .longDate,
            "yyyymmd0": .longMonth, "hhmi": .time, "hh": .hour, "mi": .minute, "ss": .second,
            "iso3166": .country, "iso3166999": .countryOrAny, "iso3166alpha2": .countryLetters,
            "iso4217": .currency, "iban": .account, "latitude": .latitude,
            "longitude": .longitude, "pcenc": .percent, "yesno": .yesOrNo,
            "importeridx": .importer, "mediatype": .media, "pieceoftotal": .piece,
            "posinseqslash": .sequence, "packagetype": .package, "couponcode": .coupon,
            "couponposoffer": .offer, "hyphen": .hyphen, "winding": .winding, "zero": .zero,
            "nonzero": .nonzero, "nozeroprefix": .noLeadingZero, "hasnondigit": .letter,
            "iso5218": .sex,
        ]
        if let rule = rules[name] { return { rule.breach(in: $0) } }
        let sets = [
            "csetnumeric": GS1Characters.numeric, "cset82": .wide, "cset39": .narrow,
            "cset64": .base64,
        ]
        return sets[name].map { set in { set.breach(in: $0[...]) } }
    }

    /// The engine's own tests of whole texts, under the options that are ours.
    @Test func `GS1's own tests of whole texts hold`() throws {
        guard let vectors = try Vectors("gs1/gs1_upstream_tests.csv") else { return }
        var count = 0
        for row in vectors.rows {
            guard let kind = row["kind"], row["options"]?.contains("zeroSupGTIN=1") != true,
                row["options"]?.contains("unknownAIs=1") != true
            else { continue }
            let text = try Vectors.unescaped(row["input"] ?? "")
            var fault: GS1Fault?
            var found: ElementString?
            do {
                found = try parser.gs1(text)
            } catch {
                guard case .gs1(let what, _) = error else { continue }
                fault = what
            }
            // These kinds stop before the associations are looked at.
            let isLoose = [.companionMissing, .pairForbidden, .repeatedDiffers].contains(fault)
            switch kind {
            case "upstream_bracketed_parse", "upstream_bracketed_lint", "upstream_unbracketed",
                "upstream_dl_parse", "upstream_scan_parse":
                // A text without a prefix is none of a scanner's, and may be an element string.
                guard kind != "upstream_unbracketed" || text.hasPrefix("^") else { continue }
                // Other schemes are plain text to us, and names for keys are an option.
                let isLink = text.hasPrefix("http") || text.hasPrefix("HTTP")
                guard kind != "upstream_dl_parse" || isLink && !text.contains("/gtin/") else {
                    continue
                }
                #expect((fault == nil || isLoose) == (row["valid"] == "1"), "\(row)")
            case "upstream_dl_generate":
                let link = found?.digitalLink ?? "https://id.gs1.org"
                let expected = row["expect_unbracketed"] ?? ""
                guard row["valid"] == "1", !isLoose else { continue }
                #expect(
                    link.dropFirst("https://id.gs1.org".count)
                        == expected.dropFirst("https://example.com".count),
                    "\(row)"
                )
            default: continue
            }
            count += 1
        }
        print("GS1 upstream tests: \(count) looked at")
        #expect(count > 120)
    }
}
