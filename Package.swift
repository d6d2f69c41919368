// swift-tools-version: 6.2
import PackageDescription

// The rooms and what each may import are described in README.md, "Design"; the tidy test holds
// this list and the code's own imports against that table.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(
    name: "HummingbirdCore",
    package: "hummingbird"
)
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let arguments: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)

/// A library of ours in `Sources/<name>`.
func room(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    protocols: [String] = [],
    documents: [String] = ["README.md"]
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        exclude: documents + protocols.map { "Wire/\($0).proto" },
        swiftSettings: strict
    )
}

/// A suite of ours in `Tests/<name>`.
func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = []
) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

/// A module map over one of Debian's C libraries.
func system(_ name: String, _ pkgConfig: String, _ debian: String) -> Target {
    .systemLibrary(
        name: name,
        path: "Sources/C/\(name)",
        pkgConfig: pkgConfig,
        providers: [.apt([debian])]
    )
}

let package = Package(
    name: "tallyman",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tallyman", targets: ["tallyman"]),
        .executable(name: "tallyman-imaging", targets: ["ImagingWorker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git",
            from: "2.28.1",
            traits: []
        ),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git",
            from: "2.13.0"
        ),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.36.0"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.15.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // core
        room("Tally", [crypto]),
        room("Codes", ["Tally", crypto, protobuf], protocols: ["note"]),
        room("Labels", ["Tally", "Codes"]),
        room("Forms", ["Tally", protobuf], protocols: ["forms"]),
        room(
            "Sync",
            ["Tally", crypto, protobuf],
            protocols: ["operation", "sync", "state", "blobs"],
            documents: ["README.md", "PROTOCOL.md"]
        ),
        room("Workforce", ["Tally", protobuf], protocols: ["workforce"]),
        room("Receiving", ["Tally", "Codes", protobuf], protocols: ["receiving"]),
        room("Inspection", ["Tally", "Forms", protobuf], protocols: ["inspection"]),
        room(
            "ExceptionReports",
            ["Tally", "Forms", protobuf],
            protocols: ["exception_reports"]
        ),
        // nodes
        room(
            "Agent",
            [
                "Tally", "Codes", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync",
            ]
        ),
        room(
            "Hub",
            [
                "Tally", "Codes", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync",
            ]
        ),
        // rim
        system("CZBar", "zbar", "libzbar-dev"),
        system("CQREncode", "libqrencode", "libqrencode-dev"),
        system("CPNG", "libpng", "libpng-dev"),
        system("CTurboJPEG", "libturbojpeg", "libturbojpeg0-dev"),
        system("CPangoCairo", "pangocairo", "libpango1.0-dev"),
        system("CZlib", "zlib", "zlib1g-dev"),
        room("Deflate", ["Tally", "CZlib"]),
        room("Ledger", ["Tally", "Labels", "Sync", grdb, sqlite]),
        system("CPostgres", "libpq", "libpq-dev"),
        room("LedgerPostgres", ["Tally", "Sync", "CPostgres"]),
        .target(
            name: "ZXingShim",
            path: "Sources/C/ZXingShim",
            linkerSettings: [.linkedLibrary("ZXing")]
        ),
        room("Imaging", ["Tally", "Codes", "Labels"]),
        .executableTarget(
            name: "ImagingWorker",
            dependencies: [
                "Tally", "Imaging", "Labels", "CZBar", "ZXingShim", "CQREncode", "CPNG",
                "CTurboJPEG", "CPangoCairo",
            ],
            exclude: ["README.md"],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CLinuxDevices", path: "Sources/C/CLinuxDevices"),
        room(
            "Drivers",
            [
                "Tally", "Labels", "Imaging", "CLinuxDevices",
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        system("CCurl", "libcurl", "libcurl4-openssl-dev"),
        system("CRabbitMQ", "librabbitmq", "librabbitmq-dev"),
        room(
            "Connectors",
            [
                "Tally", "Codes", "Labels", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync", "CCurl", "CRabbitMQ", crypto, httpClient,
                .product(name: "Yams", package: "Yams"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        room(
            "Web",
            [
                "Tally", "Codes", "Labels", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync",
                "Agent", "Hub", hummingbird, httpClient, logging, lifecycle, crypto,
                hummingbirdCore,
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        // ends
        room(
            "Simulator",
            [
                "Tally", "Codes", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync",
                "Agent", "Hub",
            ]
        ),
        room("Conformance", ["Sync", crypto, protobuf]),
        .executableTarget(
            name: "tallyman",
            dependencies: [
                "Tally", "Codes", "Labels", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync",
                "Agent", "Hub", "Deflate", "Ledger", "LedgerPostgres", "Imaging", "Drivers",
                "Connectors", "Web", "Simulator", "Conformance",
                arguments, hummingbird, hummingbirdCore, httpClient, logging, lifecycle, crypto,
                grdb, sqlite,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: strict
        ),
        // suites
        tests(
            "AgentTests",
            [
                "Tally", "Codes", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync", "Agent", "Hub", "NodePlant",
            ]
        ),
        tests("CodesTests", ["Codes", "Deflate", "Tally", crypto]),
        tests(
            "ConnectorsTests",
            [
                "Tally", "Codes", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync", "Hub", "Deflate", "Connectors",
            ]
        ),
        tests(
            "DaemonTests",
            ["Tally", "Sync", "Agent", "Hub", "Ledger", "Conformance", grdb, protobuf]
        ),
        tests(
            "DriversTests",
            [
                "Tally", "Imaging", "Drivers", "CLinuxDevices",
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Cases"]
        ),
        tests(
            "ExceptionReportsTests",
            ["ExceptionReports", "Forms", "RoomPlant", "Sync", "Tally"]
        ),
        tests("FormsTests", ["Forms", "Tally"]),
        tests(
            "HubTests",
            [
                "Tally", "Codes", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync", "Agent", "Hub", "NodePlant",
            ]
        ),
        tests(
            "LabelsTests",
            [
                "Tally", "Codes", "Labels", "Forms", "Imaging", "Drivers", "Connectors", "Deflate",
                "Ledger",
            ]
        ),
        tests("ImagingTests", ["Codes", "Deflate", "Imaging", "Tally"]),
        tests("InspectionTests", ["Forms", "Inspection", "RoomPlant", "Sync", "Tally"]),
        tests("ReceivingTests", ["Tally", "Codes", "Receiving", "Sync"]),
        .target(
            name: "NodePlant",
            dependencies: [
                "Tally", "Codes", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports", "Sync", "Agent", "Hub", "Deflate",
            ],
            path: "Tests/NodePlant",
            swiftSettings: strict
        ),
        .target(
            name: "RoomPlant",
            dependencies: ["Tally", "Sync"],
            path: "Tests/RoomPlant",
            swiftSettings: strict
        ),
        .target(
            name: "PortSuites",
            dependencies: ["Tally", "Sync"],
            path: "Tests/PortSuites",
            swiftSettings: strict
        ),
        .target(name: "FaultyDisk", path: "Tests/FaultyDisk"),
        tests("LedgerTests", ["Tally", "Sync", "Ledger", "PortSuites", "FaultyDisk", grdb]),
        tests(
            "LedgerPostgresTests",
            [
                "Tally", "Sync", "Forms", "Agent", "Hub", "Web", "LedgerPostgres", "Deflate",
                "PortSuites", "Connectors", httpClient,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            exclude: ["Targets"]
        ),
        tests(
            "SyncTests",
            [
                "Tally", "Sync", "Forms", "Workforce", "Receiving", "Inspection",
                "ExceptionReports",
            ]
        ),
        tests("SimulatorTests", ["Simulator", "Sync", "Tally"]),
        tests("TallyTests", ["Tally"]),
        tests("TidyTests", [crypto]),
        tests(
            "WebTests",
            [
                "Tally", "Codes", "Sync", "Agent", "Hub", "Web", "NodePlant", hummingbird, logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
