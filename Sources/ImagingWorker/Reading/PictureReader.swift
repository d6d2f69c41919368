import Imaging

/// Looks for codes in a picture: up the ladder, until all that seems to be there is read.
struct PictureReader {
    let symbologies: Set<Symbology>
    /// When to give up on a picture of which nothing was read.
    let milliseconds: Int

    /// What a rung did.
    typealias Step = ReadingStep

    func read(_ picture: GrayPicture) -> (findings: Findings, steps: [Step]) {
        let shelf = PlaneShelf(Plane(picture))
        let clock = Stopwatch(milliseconds: longest)
        var sheet = Sheet()
        var steps: [Step] = []
        var done: Set<Rung> = []
        for rung in Rung.ladder where isWanted(rung) {
            guard !rung.isForNothing || sheet.findings.isEmpty,
                let applied = rung.applied(longSide: shelf.longSide),
                done.insert(applied).inserted
            else { continue }
            let start = clock.microseconds
            if sheet.isDone || start / 1000 >= limit(sheet) { break }
            let before = sheet.findings.count
            climb(applied, shelf, clock, &sheet)
            steps.append(
                Step(
                    name: rung.name,
                    microseconds: clock.microseconds - start,
                    gain: sheet.findings.count - before
                )
            )
        }
        return (sheet.findings, steps)
    }

    /// From this many unread codes on, a picture is one of many labels.
    private static let manyUnread = 4

    /// What a picture of many labels may take.
    private var longest: Int { milliseconds * 9 / 5 }

    /// When something was read, what else may be there gets less: half where a code is seen, a
    /// fifth where finder patterns only are.
    private func limit(_ sheet: Sheet) -> Int {
        if sheet.unread.count >= Self.manyUnread { return longest }
        if sheet.findings.isEmpty { return milliseconds }
        return sheet.unread.isEmpty ? milliseconds / 5 : milliseconds / 2
    }

    private func isWanted(_ rung: Rung) -> Bool {
        switch rung.reader {
        case .finders, .doubtfulFinders, .zbar: symbologies.contains(.qr)
        case .zxing: !symbologies.isDisjoint(with: Symbology.matrices)
        case .lines: !symbologies.isDisjoint(with: Symbology.lines)
        }
    }

    /// Tries one rung.
    func climb(_ rung: Rung, _ shelf: PlaneShelf, _ clock: Stopwatch, _ sheet: inout Sheet) {
        let (plane, place) = shelf.plane(rung)
        switch rung.reader {
        case .finders(let radius):
            look(plane, place, QRReader.Effort(radius: radius), clock, &sheet)
        case .doubtfulFinders(let radius):
            look(plane, place, QRReader.Effort(radius: radius, fit: 0.3), clock, &sheet)
        case .zxing:
            let found = ZXingScanner(symbologies: symbologies).scan(plane)
            sheet.add(verified(found, plane, clock), place)
        case .zbar:
            sheet.add(verified(ZBarScanner(symbologies: [.qr]).scan(plane), plane, clock), place)
        case .lines(let density):
            let scanner = ZBarScanner(
                symbologies: symbologies.intersection(Symbology.lines),
                density: Int32(density)
            )
            sheet.add(scanner.scan(plane), place)
        }
    }

    private func look(
        _ plane: Plane,
        _ place: PlanePlace,
        _ effort: QRReader.Effort,
        _ clock: Stopwatch,
        _ sheet: inout Sheet
    ) {
        let search = clock.cut(toMilliseconds: limit(sheet))
        let reader = QRReader(plane, effort: effort, clock: search, longest: clock)
        let (found, unread, suspects) = reader.read(known: sheet.quads.map(place.onPlane))
        for code in found { sheet.add(code.message, place.onPicture(code.quad)) }
        sheet.look(at: unread.map(place.onPicture), suspects: suspects)
    }

    /// What the libraries found, read again by us where they lose something.
    ///
    /// libzbar keeps the interpretation of bytes (ECI) to itself, and ZXing 1.4 ends the data at
    /// a doubled percent sign behind FNC1.
    private func verified(_ found: Findings, _ plane: Plane, _ clock: Stopwatch) -> Findings {
        var found = found
        for (index, symbol) in found.symbols.enumerated() where symbol.symbology == .qr {
            let isPlain = symbol.identifier == "]Q1" && symbol.bytes.allSatisfy { $0 < 0x80 }
            guard !isPlain else { continue }
            let quad = Quad(symbol.corners.map { Vector(Float($0.x), Float($0.y)) })
            guard let message = message(in: quad, plane, clock) else { continue }
            found.symbols[index] = WireSymbol(
                symbology: .qr,
                bytes: message.bytes,
                isGS1: message.isGS1,
                identifier: message.identifier,
                eci: message.eci,
                corners: symbol.corners
            )
        }
        return found
    }

    /// What our own decoder says of the code at a place.
    private func message(in quad: Quad, _ plane: Plane, _ clock: Stopwatch) -> QRMessage? {
        let (xs, ys) = (quad.corners.map(\.x), quad.corners.map(\.y))
        guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max(),
            right > left, bottom > top, right - left < 1e6, bottom - top < 1e6
        else { return nil }
        let room = max(right - left, bottom - top) / 6 + 4
        let x = min(max(Int(left - room), 0), plane.width - 1)
        let y = min(max(Int(top - room), 0), plane.height - 1)
        let width = min(max(Int(right + room), x + 1), plane.width) - x
        let height = min(max(Int(bottom + room), y + 1), plane.height) - y
        let cut = plane.cut(left: x, top: y, width: width, height: height, border: 8, shade: 255)
        // Codes of few pixels a module are found better when enlarged.
        for (scale, radius) in [(1, 12), (2, 16)] where cut.longSide * scale < 1600 {
            let sized = scale == 1 ? cut : cut.scaled(by: Float(scale))
            let effort = QRReader.Effort(radius: radius)
            let reader = QRReader(sized, effort: effort, clock: clock, longest: clock)
            let (codes, _, _) = reader.read(known: [])
            let middle = Vector(
                (quad.middle.x - Float(x) + 8) * Float(scale),
                (quad.middle.y - Float(y) + 8) * Float(scale)
            )
            if let code = codes.first(where: { $0.quad.contains(middle) }) { return code.message }
        }
        return nil
    }
}
