/// What a room may import: the table of README, "Design", in full.
struct RoomRule: Sendable {
    /// Rooms of ours.
    let rooms: Set<String>
    /// Modules from outside: packages, C libraries, and the toolchain's own.
    let libraries: Set<String>

    init(_ rooms: Set<String>, _ libraries: Set<String> = []) {
        self.rooms = rooms
        self.libraries = libraries
    }
}

/// The table that the compiler cannot see: who may know whom.
enum ImportTable {
    /// Rooms of one workflow each.
    ///
    /// They never import one another: what crosses them is a reaction in a node.
    static let domain: Set<String> = ["Receiving", "Inspection", "ExceptionReports"]
    /// Pure and synchronous.
    static let core: Set<String> = domain.union([
        "Tally", "Codes", "Labels", "Forms", "Sync", "Workforce",
    ])
    static let nodes: Set<String> = ["Agent", "Hub"]
    /// Rooms in which banned calls are looked for.
    static let pure: Set<String> = core.union(nodes).union(["Simulator"])

    /// What the toolchain brings, and pure rooms may use for text, JSON and dates.
    private static let foundation: Set<String> = ["Foundation", "FoundationEssentials"]
    /// What the toolchain brings besides for rooms that touch the world.
    private static let world: Set<String> = foundation.union([
        "Glibc", "Dispatch", "Synchronization",
    ])
    private static let payloads: Set<String> = foundation.union(["SwiftProtobuf"])

    static let rules: [String: RoomRule] = [
        "Tally": RoomRule([], foundation.union(["Crypto"])),
        "Codes": RoomRule(["Tally"], payloads.union(["Crypto"])),
        "Labels": RoomRule(["Tally", "Codes"], foundation),
        "Forms": RoomRule(["Tally"], payloads),
        "Sync": RoomRule(["Tally"], payloads.union(["Crypto"])),
        "Workforce": RoomRule(["Tally"], payloads),
        "Receiving": RoomRule(["Tally", "Codes"], payloads),
        "Inspection": RoomRule(["Tally", "Forms"], payloads),
        "ExceptionReports": RoomRule(["Tally", "Forms"], payloads),
        "Agent": RoomRule(core, foundation),
        "Hub": RoomRule(core, foundation),
        "Deflate": RoomRule(["Tally"], ["CZlib"]),
        "Ledger": RoomRule(core, world.union(["GRDB", "GRDBSQLite"])),
        "LedgerPostgres": RoomRule(core, world.union(["CPostgres"])),
        "Imaging": RoomRule(["Tally", "Codes", "Labels"], world),
        "ImagingWorker": RoomRule(
            ["Imaging", "Labels", "Tally"],
            [
                "CZBar", "ZXingShim", "CQREncode", "CPNG", "CTurboJPEG", "CPangoCairo", "Glibc",
                "Foundation",
            ]
        ),
        "Drivers": RoomRule(
            ["Tally", "Labels", "Imaging"],
            world.union(["CLinuxDevices", "Yams"])
        ),
        "Connectors": RoomRule(
            core,
            world.union([
                "Yams", "AsyncHTTPClient", "Mustache", "NIOCore", "NIOHTTP1", "Crypto", "CCurl",
                "CRabbitMQ",
            ])
        ),
        "Web": RoomRule(
            core.union(nodes),
            world.union([
                "Hummingbird", "HummingbirdCore", "HTTPTypes", "Mustache", "AsyncHTTPClient",
                "Logging", "ServiceLifecycle", "NIOCore", "NIOPosix", "NIOHTTP1", "Yams",
                "HummingbirdTLS", "NIOSSL", "X509", "SwiftASN1", "Crypto",
            ])
        ),
        "Simulator": RoomRule(core.union(nodes), foundation),
        "Conformance": RoomRule(["Sync"], payloads.union(["Crypto"])),
        "tallyman": RoomRule(
            core.union(nodes).union([
                "Deflate", "Ledger", "LedgerPostgres", "Imaging", "Drivers", "Connectors", "Web",
                "Simulator", "Conformance",
            ]),
            world.union([
                "ArgumentParser", "Hummingbird", "HummingbirdCore", "AsyncHTTPClient", "Logging",
                "ServiceLifecycle",
                "UnixSignals", "Crypto", "GRDB", "GRDBSQLite", "NIOCore", "NIOPosix", "NIOHTTP1",
                "Yams",
            ])
        ),
    ]

    /// The module of an `import` line; nil for any other line of code.
    static func imported(_ line: String) -> String? {
        var words = line.split(whereSeparator: \.isWhitespace)[...]
        while let first = words.first, first != "import" {
            guard first.hasPrefix("@") || ["public", "package", "internal"].contains(first) else {
                return nil
            }
            words = words.dropFirst()
        }
        guard words.count > 1 else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "typealias"]
        let name = words.dropFirst().first { !kinds.contains($0) }
        return name.map { String($0.split(separator: ".")[0]) }
    }

    /// A shell holds a node between transactions: the one place in the node rooms that may wait for
    /// the store and lock what it holds.
    static func isShell(_ file: SwiftText) -> Bool {
        (file.name.hasSuffix("Shell.swift") || file.name.contains("Shell+"))
            && file.room.map(nodes.contains) == true
    }

    static func findings(in file: SwiftText) -> [Finding] {
        guard file.path.hasPrefix("Sources/"), let room = file.room else { return [] }
        guard let rule = rules[room] else {
            return [Finding(file.path, nil, "\(room) is no room of the import table")]
        }
        let allowed = rule.rooms.union(rule.libraries).union(
            isShell(file) ? ["Synchronization"] : []
        )
        return file.code.enumerated().compactMap { number, line in
            guard let module = imported(line), !allowed.contains(module) else { return nil }
            return Finding(file.path, number + 1, "\(room) may not import \(module)")
        }
    }

    /// Targets of the manifest that may not depend on what they name.
    static func findings(in manifest: Manifest) -> [Finding] {
        var findings = manifest.unread.map {
            Finding("Package.swift", nil, "not understood: \($0)")
        }
        for target in manifest.targets where !target.isTest {
            guard let rule = rules[target.name] else {
                findings.append(Finding("Package.swift", nil, "\(target.name) is no room"))
                continue
            }
            for name in target.dependencies.sorted()
            where !rule.rooms.union(rule.libraries).contains(name) {
                findings.append(
                    Finding("Package.swift", nil, "\(target.name) may not depend on \(name)")
                )
            }
        }
        return findings
    }
}
