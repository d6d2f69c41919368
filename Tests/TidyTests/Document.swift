/// Rules about what people read, and about what has no place in the package.
enum Document {
    /// Where a room's README must be and what its head is.
    static func readmes(rooms: [String], files: [Repository.TextFile]) -> [Finding] {
        rooms.compactMap { room in
            let path = "Sources/\(room)/README.md"
            guard let file = files.first(where: { $0.path == path }) else {
                return Finding(path, nil, "every room has a README")
            }
            guard file.lines.count > 5 else {
                return Finding(
                    path,
                    nil,
                    "says nothing: purpose, guarantees, may import, where to start"
                )
            }
            return nil
        }
    }

    /// A page has one title, on its first line; code in fences is no title.
    static func titles(_ file: Repository.TextFile) -> [Finding] {
        let titles = prose(file).filter { $0.line.hasPrefix("# ") }.map(\.number)
        if titles == [1] { return [] }
        if titles.isEmpty {
            return [Finding(file.path, nil, "has no `# ` title on its first line")]
        }
        return titles.filter { $0 != 1 }.map {
            Finding(file.path, $0, "one `# ` title, on the first line")
        }
    }

    /// Links to files that are not there.
    ///
    /// `exists` is asked with a path from the root.
    static func links(_ file: Repository.TextFile, exists: (String) -> Bool) -> [Finding] {
        let folder = file.path.split(separator: "/").dropLast()
        return prose(file).flatMap { number, line in
            targets(on: line).filter { target in
                guard !target.contains("://"), !target.hasPrefix("#"), !target.hasPrefix("mailto:")
                else { return false }
                let bare = target.prefix { $0 != "#" }
                return !exists(resolved(bare.split(separator: "/"), from: Array(folder)))
            }.map { Finding(file.path, number, "nothing is at \($0)") }
        }
    }

    private static func resolved(_ parts: [Substring], from folder: [Substring]) -> String {
        var path = folder
        for part in parts where part != "." {
            if part == ".." { if !path.isEmpty { path.removeLast() } } else { path.append(part) }
        }
        return path.joined(separator: "/")
    }

    /// What stands in `](…)` on a line.
    private static func targets(on line: Substring) -> [Substring] {
        var targets: [Substring] = []
        var rest = line
        while let open = rest.firstRange(of: "](") {
            rest = rest[open.upperBound...]
            targets.append(rest.prefix { $0 != ")" && $0 != " " })
        }
        return targets
    }

    /// The lines outside code fences, counted from 1.
    private static func prose(_ file: Repository.TextFile) -> [(number: Int, line: Substring)] {
        var isCode = false
        return file.lines.enumerated().compactMap { index, line in
            if line.hasPrefix("```") { isCode.toggle() }
            return isCode || line.hasPrefix("```") ? nil : (index + 1, line)
        }
    }

    static let topLevel: Set<String> = [
        "Package.swift", "Sources", "Tests", "Devices", "Templates", "README.md",
    ]

    /// What has no place in the package's root.
    static func strays(_ names: [String], ignored: [String]) -> [Finding] {
        names.filter { name in
            !name.hasPrefix(".") && !topLevel.contains(name) && !Repository.matches(name, ignored)
        }.map { Finding($0, nil, "the root holds \(topLevel.sorted()) and hidden files") }
    }

    /// Words of one machine or one workplace: they mean nothing to whoever clones the package.
    ///
    /// Written in halves, so that this file does not hold them.
    static let foreignWords: [String] = [
        ["/wo", "rk/"], ["/tm", "p/tmb"], ["/ro", "ot/"], ["/Us", "ers/"], ["/ho", "me/"],
        ["fa", "rm-"], ["issues sh", "ow"], ["py", "pi.org"], ["python", "hosted.org"],
        ["registry.npm", "js"], ["index", "-url"], ["deb.deb", "ian.org"], ["proxy.gol", "ang"],
    ].map { $0.joined() }

    static func foreign(_ file: Repository.TextFile) -> [Finding] {
        file.lines.enumerated().flatMap { number, line in
            foreignWords.filter { line.contains($0) }.map {
                Finding(file.path, number + 1, "\($0) means something on one machine only")
            }
        }
    }

    /// Addresses of other projects belong to the manifest's list and to the museum of defects;
    /// a law that code relies on is cited from its own site.
    static func addresses(_ file: SwiftText) -> [Finding] {
        let homes = ["Package.swift", "Sources/Sync/Defect.swift"]
        guard !homes.contains(file.path), !file.path.hasPrefix("Tests/TidyTests/") else {
            return []
        }
        return file.lines.enumerated().compactMap { number, line in
            guard line.contains("git" + "hub.com/") else { return nil }
            return Finding(file.path, number + 1, "an address of another project's code")
        }
    }
}
