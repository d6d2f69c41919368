import ArgumentParser
import Codes
import Foundation
import Tally

/// `tallyman hub key`: the keys that suppliers sign their notes with, as master data.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "The keys that suppliers sign their delivery notes with.",
        subcommands: [List.self, Rotate.self, Revoke.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the keys.")

        @Option(help: "Only those of this supplier.")
        var supplier: String?

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await KeyCommand.show(.keys(supplier: supplier), json, data.place)
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a supplier a new key; the one before ends now.",
            discussion: "Notes that were signed before stay good. Terminals learn it by sync."
        )

        @Argument(help: "The supplier's code.")
        var supplier: String

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await KeyCommand.show(.rotateKey(supplier: supplier), json, data.place)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a stolen key: no note by it is believed any more.",
            discussion: "Terminals learn it by sync."
        )

        @Argument(help: "The supplier's code.")
        var supplier: String

        @Argument(help: "The key's name, as `hub key list` shows it.")
        var key: String

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await KeyCommand.show(.revokeKey(supplier: supplier, key: key), json, data.place)
        }
    }

    private static func show(_ request: HubRequest, _ json: Bool, _ place: HubPlace) async throws {
        try await Output.orExit {
            guard case .keys(let keys) = try await Office(place).ask(request) else {
                throw ExitCode.failure
            }
            for key in keys {
                if json { try Output.json(key) } else { Output.result(key.text) }
            }
        }
    }
}

/// A supplier's key as the office sees it; moments in ISO 8601.
struct SupplierKeyView: Codable, Sendable {
    let supplier: String
    let key: String
    let publicKey: String
    let validFrom: String?
    let validUntil: String?
    let revoked: Bool

    init(_ key: SupplierKey) {
        supplier = key.supplier
        self.key = key.id.description
        publicKey = key.publicKey.hexadecimal
        validFrom = key.validFrom?.description
        validUntil = key.validUntil?.description
        revoked = key.revoked
    }

    var text: String {
        let times = "\(validFrom ?? "…") – \(validUntil ?? "…")"
        return "\(supplier)\t\(key)\t\(times)\(revoked ? "\trevoked" : "")"
    }
}
