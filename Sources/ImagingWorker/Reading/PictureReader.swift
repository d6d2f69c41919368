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
            guard let applied = rung.applied(longSide: shelf.longSide),
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
            sheet.add(ZXingScanner(symbologies: symbologies).scan(plane), place)
        case .zbar:
            sheet.add(ZBarScanner(symbologies: [.qr]).scan(plane), place)
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
        let reader = QRReader(plane, effort: effort, clock: clock)
        let (found, unread, suspects) = reader.read(known: sheet.quads.map(place.onPlane))
        for code in found { sheet.add(code.message, place.onPicture(code.quad)) }
        sheet.look(at: unread.map(place.onPicture), suspects: suspects)
    }
}
